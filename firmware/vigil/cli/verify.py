"""`vigil verify`: whether recordings are still what the recorder signed, said so that a stranger understands it."""

from __future__ import annotations

import argparse
from pathlib import Path

_AFTER = """
Verdicts, the first that is true: forged, broken, missing, truncated, damaged, extended, unfinished (being
written), uncertified, recovered (mended after a power cut), ok. What each means, and what a checkpoint from
outside is good for, is in docs/guide/verify.md. Exit code: 0 intact, 1 not, 2 nothing could be checked.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify`; it sets `run`, a function from the arguments to an exit code."""
    words = "say whether recordings are still what was recorded: nothing altered, dropped or reordered"
    command = subparsers.add_parser("verify", help=words, description=words, epilog=_AFTER)
    command.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="recordings: files, a day, a camera, or a whole data directory",
    )
    command.add_argument(
        "--identity",
        metavar="KEY|FILE",
        help="the recorder's identity (vigil/…+…+…), as you were told it, or a file with it",
    )
    command.add_argument(
        "--checkpoint", metavar="FILE", type=Path, action="append", default=[],
        help="a checkpoint of the journal that somebody else kept; may be given more than once",
    )  # fmt: skip
    command.add_argument(
        "--journal", metavar="DIR", type=Path, help="the journal (state/journal beside the recordings)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object, a segment a line")
    command.add_argument("--quiet", action="store_true", help="print only what is wrong, and the summary")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify what the arguments name; return the exit code."""
    from vigil.cli import verify_run

    return verify_run.run(args)
