"""`vigil update`: what runs, taking another version, going back to the one before."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.data_dir import default_data_dir

if TYPE_CHECKING:
    from vigil.processes.update import Updates


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `update`."""
    update = subparsers.add_parser("update", help="which version runs; install another; go back")
    commands = update.add_subparsers(dest="what", metavar="WHAT", required=True)
    status = commands.add_parser("status", help="what runs from which slot, and what became of the last update")
    status.set_defaults(run=_status)
    install = commands.add_parser(
        "install",
        help="install an update into the other slot",
        description="What was signed neither by the publisher nor by a key of yours is refused; nothing is changed.",
    )
    install.add_argument("source", metavar="FILE|URL|usb", help="a file, an http(s) address, or `usb`: from a stick")
    install.add_argument("--restart", action="store_true", help="try it at once: the box restarts when it is installed")
    install.set_defaults(run=_install)
    back = commands.add_parser("rollback", help="start the version in the other slot, and restart")
    back.set_defaults(run=_rollback)
    for command in (status, install, back):
        command.add_argument("--data", type=Path, default=default_data_dir(), metavar="DIR", help="(%(default)s)")


def _updates(given: argparse.Namespace) -> Updates:
    from vigil.clock import SystemClock
    from vigil.processes.group import as_unit_of_ours
    from vigil.processes.place import Place
    from vigil.processes.rauc import Rauc
    from vigil.processes.update import Updates
    from vigil.processes.update_here import look
    from vigil.store.disk import Disk

    as_unit_of_ours()
    return Updates(Place(given.data.absolute()), Disk(), SystemClock(), rauc=Rauc(), here=look)


def _status(given: argparse.Namespace) -> int:
    from vigil.processes.update_status import lines

    print("\n".join(lines(_updates(given))))
    return 0


def _install(given: argparse.Namespace) -> int:
    from vigil.processes.confirm import restart_box
    from vigil.processes.update_here import look, on_a_stick

    def progress(percent: int, words: str) -> None:
        print(f"{percent:3d} % {words}", flush=True)

    updates = _updates(given)
    if given.source == "usb":
        with on_a_stick(look().running.compatible) as found:
            bundle = updates.install(str(found), progress)
    else:
        bundle = updates.install(given.source, progress)
    print(f"version {bundle.version} is installed; it is tried at the next restart, and left again if it is no good")
    sys.stdout.flush()
    if given.restart:
        restart_box()
    return 0


def _rollback(given: argparse.Namespace) -> int:
    from vigil.processes.confirm import restart_box
    from vigil.processes.update_back import go_back_now

    print(go_back_now(_updates(given)))
    sys.stdout.flush()
    restart_box()
    return 0
