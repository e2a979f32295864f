"""Arming and disarming the box from a command line on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.data_dir import default_data_dir


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `arm` and `disarm`."""
    arm = subparsers.add_parser("arm", help="arm the box (journaled, survives power cuts)")
    arm.add_argument(
        "mode",
        nargs="?",
        choices=["away", "home", "night"],
        default="away",
        help="nobody is at home, people are, or they sleep (%(default)s)",
    )
    _data(arm)
    arm.set_defaults(run=_arm)
    disarm = subparsers.add_parser("disarm", help="disarm the box, and end an alarm")
    _data(disarm)
    disarm.set_defaults(run=_arm, mode="disarmed")


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )


def _arm(given: argparse.Namespace) -> int:
    from vigil.events import SetArm
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    client = HubClient(Place(given.data.absolute()).hub, "cli")
    try:
        (answer,) = client.ask(SetArm(mode=given.mode))
    finally:
        client.close()
    print(answer.words)
    return 0 if answer.ok else 1
