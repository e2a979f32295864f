"""`vigil run`, and the processes it is made of."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vigil import logs
from vigil.cli.data_dir import default_data_dir
from vigil.logs import LEVELS

if TYPE_CHECKING:
    from vigil.processes.place import Place
    from vigil.processes.run import Eyes


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `run` (also called `start`), `record`, `guard`, `body`, `lookout` and `signer`."""
    run = subparsers.add_parser("run", aliases=["start"], help="record: everything on this host, to look at")
    _common(run)
    run.add_argument(
        "--for", dest="for_s", type=_seconds, metavar="SECONDS", help="end by itself after so long, sealed"
    )
    run.set_defaults(run=_run)
    record = subparsers.add_parser("record", help="the process that records cameras (started by run, or by systemd)")
    _common(record)
    record.add_argument(
        "--camera", action="append", default=[], metavar="ID", help="which camera; all where none is named"
    )
    record.set_defaults(run=_record)
    guard = subparsers.add_parser("guard", help="the process that keeps journal and index")
    _common(guard)
    guard.set_defaults(run=_guard)
    body = subparsers.add_parser("body", help="the process that reads the button and drives the lamps")
    _common(body)
    body.add_argument("--simulated", action="store_true", help="with a model of a panel, to press and to look at")
    body.set_defaults(run=_body)
    lookout = subparsers.add_parser("lookout", help="the process that asks whose devices are in the network")
    _common(lookout)
    lookout.set_defaults(run=_lookout)
    signer = subparsers.add_parser("signer", help="the process that holds the identity key")
    _common(signer)
    signer.add_argument(
        "--for", dest="users", action="append", default=[], metavar="USER:PEER",
        help="answer this user, for peers whose names begin so; only ourselves where none is given",
    )  # fmt: skip
    signer.set_defaults(run=_signer)


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, default=default_data_dir(), metavar="DIR", help="data directory (%(default)s)"
    )
    command.add_argument("--plain", action="store_true", help="log lines with times instead of a picture")
    command.add_argument("--log-level", choices=list(LEVELS), help="instead of the configuration's")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError("give a number of seconds above 0")
    return value


def _run(given: argparse.Namespace) -> int:
    from vigil.processes import run

    plain = given.plain or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown")
    logs.set_up(given.log_level or "info", plain=True)

    def eyes(place: Place, notes: Sequence[str]) -> Eyes:
        if plain:
            from vigil.cli.plain import PlainLines

            return PlainLines(place, notes)
        from vigil.cli.view import View

        return View(place, notes)

    return run.main(given.data.absolute(), for_s=given.for_s, log_level=given.log_level, eyes=eyes)


def _record(given: argparse.Namespace) -> int:
    from vigil.processes import record

    return record.main(given.data.absolute(), given.camera, log_level=given.log_level, plain=given.plain)


def _guard(given: argparse.Namespace) -> int:
    from vigil.processes import guard

    return guard.main(given.data.absolute(), log_level=given.log_level, plain=given.plain)


def _body(given: argparse.Namespace) -> int:
    from vigil.processes import body

    return body.main(given.data.absolute(), model=given.simulated, log_level=given.log_level, plain=given.plain)


def _lookout(given: argparse.Namespace) -> int:
    from vigil.processes import lookout

    return lookout.main(given.data.absolute(), log_level=given.log_level, plain=given.plain)


def _signer(given: argparse.Namespace) -> int:
    from vigil.processes import signer

    return signer.main(given.data.absolute(), given.users)
