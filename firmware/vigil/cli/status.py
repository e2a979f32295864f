"""`vigil status`: how this box is, why, and what to do; without guard, what its files say."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from vigil.cli.data_dir import default_data_dir


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `status`; it sets `run`, a function from the arguments to an exit code."""
    words = "say how this box is, why, and what to do"
    ends = "The exit code is 0 where all is well, 1 for a warning, 2 where something failed, 3 where it is not known."
    command = subparsers.add_parser("status", help=words, description=f"{words.capitalize()}. {ends}")
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Ask, print, and return the exit code."""
    from vigil.clock import SystemClock
    from vigil.errors import PeerError
    from vigil.guard.faults import Level
    from vigil.processes import status_lines
    from vigil.processes.place import Place
    from vigil.processes.status import ask
    from vigil.processes.status_files import read_files
    from vigil.store.disk import Disk

    data, clock = given.data.absolute(), SystemClock()
    if not data.is_dir():
        print(f"vigil status: there is no Vigil in {data}: name its data directory with --data", file=sys.stderr)
        return status_lines.EXIT_CODES[Level.UNKNOWN]
    try:
        told = ask(Place(data))
    except PeerError as error:
        print(f"vigil status: {error}", file=sys.stderr)
        return status_lines.EXIT_CODES[Level.UNKNOWN]
    if told and told.health:
        level, now_us = status_lines.level_of(told.health), clock.steady_us()
        said, values = status_lines.lines(told, now_us), status_lines.as_json(told, now_us)
    else:
        level, found = Level.UNKNOWN, read_files(data, Disk(), clock)
        said, values = status_lines.lines_from_files(found), status_lines.files_as_json(found)
    print(json.dumps(values, indent=1, ensure_ascii=False) if given.json else "\n".join(said))
    return status_lines.EXIT_CODES[level]
