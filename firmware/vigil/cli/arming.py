"""Arming and disarming the box from a command line on it, and saying how it stands."""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.config.redact import without_secrets
from vigil.errors import PeerError
from vigil.processes.panorama_lines import clean

_PATIENCE_S = 5.0
_ROUNDS = 2


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `arm`, `disarm` and `status`."""
    arm = subparsers.add_parser("arm", help="arm the box (journaled, survives power cuts)")
    arm.add_argument("mode", nargs="?", choices=["away", "home", "night"], default="away", help="(%(default)s)")
    _data(arm)
    arm.set_defaults(run=_arm)
    disarm = subparsers.add_parser("disarm", help="disarm the box, and end an alarm")
    _data(disarm)
    disarm.set_defaults(run=_arm, mode="disarmed")
    status = subparsers.add_parser("status", help="whether the box is armed, how its cameras are, what is wrong")
    _data(status)
    status.set_defaults(run=_status)


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


def _status(given: argparse.Namespace) -> int:
    """Guard forwards what every camera says each second, and tells how itself is: two rounds have all of it."""
    from vigil.events import Health, Status, Watch
    from vigil.processes.hub import HubClient
    from vigil.processes.place import Place

    path = Place(given.data.absolute()).hub
    client = HubClient(path, "cli")
    if not client.connect() or not client.send(Watch()):
        raise PeerError(f"guard does not answer at {path}: is Vigil running?")
    cameras: dict[str, Status] = {}
    rounds: list[Health] = []
    for message in client.listen(timeout_s=_PATIENCE_S):
        if isinstance(message, Status):
            cameras[message.camera] = message
        elif isinstance(message, Health):
            rounds.append(message)
        if len(rounds) == _ROUNDS:
            break
    client.close()
    if not rounds:
        raise PeerError(f"guard said nothing for {_PATIENCE_S:g} s")
    print(f"alarm: {clean(rounds[-1].arm_words)}")
    for camera in sorted(cameras.values(), key=lambda one: one.camera):
        print(f"camera {clean(camera.camera)}: {clean(camera.state)}, {camera.mode}")
    for fault in rounds[-1].faults:
        print(f"fault: {clean(without_secrets(fault))}")
    return 1 if rounds[-1].faults else 0
