"""Telling a running Vigil something: pause a camera, trigger a recording, change the log level."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.events import ConfirmTime, Cue, LogLevel, Message, Pause
from vigil.logs import LEVELS


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `pause`, `resume`, `trigger`, `confirm-time` and `log-level`."""
    for name, words in (("pause", "stop recording a camera, for privacy"), ("resume", "go on recording it")):
        command = subparsers.add_parser(name, help=f"{words} (journaled, survives restarts)")
        _with_camera(command)
        command.set_defaults(run=_pause, paused=name == "pause")
    trigger = subparsers.add_parser("trigger", help="record an event of a camera now, as motion would")
    _with_camera(trigger)
    trigger.add_argument("--name", default="by hand", help="what it is called in sidecar and journal (%(default)s)")
    trigger.set_defaults(run=_trigger)
    time = subparsers.add_parser("confirm-time", help="say that the box's time is right, after it jumped")
    _data(time)
    time.set_defaults(run=_confirm_time)
    level = subparsers.add_parser("log-level", help="change how much every running process writes to its log")
    level.add_argument("level", choices=list(LEVELS))
    _data(level)
    level.set_defaults(run=_log_level)


def _with_camera(command: argparse.ArgumentParser) -> None:
    command.add_argument("camera", metavar="CAMERA")
    _data(command)


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )


def _pause(given: argparse.Namespace) -> int:
    return _ask(given, Pause(camera=given.camera, paused=given.paused, who=_who()))


def _confirm_time(given: argparse.Namespace) -> int:
    return _ask(given, ConfirmTime(who=_who()))


def _who() -> str:
    return f"{getpass.getuser()} (uid {os.getuid()}) at the command line"


def _trigger(given: argparse.Namespace) -> int:
    return _ask(given, Cue(camera=given.camera, name=given.name, state="pulse"))


def _log_level(given: argparse.Namespace) -> int:
    return _ask(given, LogLevel(level=given.level))


def _ask(given: argparse.Namespace, message: Message) -> int:
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    client = HubClient(Place(given.data.absolute()).hub, "cli")
    try:
        answers = client.ask(message)
    finally:
        client.close()
    for answer in answers:
        print(answer.words)
    return 0 if all(answer.ok for answer in answers) else 1
