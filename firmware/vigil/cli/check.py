"""`vigil check`: whether the store is as it must be; no key is needed, and a recorder may be at work."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from vigil.cli.listing import count
from vigil.cli.places import CANNOT, add_data, find_store
from vigil.cli.progress import Progress
from vigil.clock import SystemClock
from vigil.errors import VigilError
from vigil.store.check import INVARIANTS, Checked, check_store
from vigil.store.disk import Disk
from vigil.store.layout import segments_of

ALL_HOLD, BROKEN = 0, 1
"""Exit codes: all invariants hold; one does not. 2: there is no store to check."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`; it sets `run`, a function from the arguments to an exit code."""
    words = "check that the store is as it must be (docs/spec/store.md), without a key, also while recording"
    command = subparsers.add_parser(
        "check", help=words, description=words, epilog="Exit code: 0 all is well; 1 it is not; 2 there is no store."
    )
    add_data(command)
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the store; return the exit code."""
    try:
        store = find_store(args.data)
        segments = sum(len(segments_of(store.video / camera)) for camera in store.cameras())
        with Progress(sys.stderr if sys.stderr.isatty() else None, SystemClock(), 0, segments) as bar:
            found = check_store(Disk(), store.video, told=bar.more)
    except VigilError as error:
        print(f"vigil check: {error}", file=sys.stderr)
        return CANNOT
    print(_as_json(found) if args.json else "\n".join(_words(found)))
    return BROKEN if found.problems else ALL_HOLD


def _words(found: Checked) -> list[str]:
    lines = []
    for one in found.problems:
        where = f"{one.camera} {one.seq:08d}: " if one.seq is not None else ""
        lines.append(f"✗ {where}{one.says}")
        lines.append(f"    invariant {one.invariant}: {INVARIANTS[one.invariant]}; {one.todo}")
    looked = (
        f"{count(found.cameras, 'camera')}, {count(found.segments, 'segment')}, "
        f"{count(found.statements, 'signed statement')}, {found.held} held"
    )
    if found.problems:
        return [*lines, f"{count(len(found.problems), 'problem')} in {looked}."]
    return [
        f"All invariants hold: {looked}.",
        "The files were measured, not read: whether the pictures are still what was signed, `vigil verify` says.",
    ]


def _as_json(found: Checked) -> str:
    return json.dumps({**asdict(found), "ok": not found.problems}, indent=1, ensure_ascii=False)
