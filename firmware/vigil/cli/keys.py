"""`vigil keys`: make the owner's key, and say for whom to seal."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from vigil.cli.identity import read_identity_file
from vigil.cli.places import CANNOT
from vigil.clock import SystemClock
from vigil.errors import ConfigError, VigilError
from vigil.out.whole_file import whole_file
from vigil.segments import age

OK = 0


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `keys` and its commands; each sets `run`, a function from the arguments to an exit code."""
    keys = subparsers.add_parser("keys", help="make the owner's key, and print its public half")
    commands = keys.add_subparsers(metavar="COMMAND", required=True)
    words = "make an age identity file and print its recipient; a file that is there is never replaced"
    new = commands.add_parser("new", help=words, description=words)
    new.add_argument(
        "file", metavar="FILE", type=Path, nargs="?", default=Path("owner.agekey"), help="the new file (%(default)s)"
    )
    new.set_defaults(run=run_new)
    words = "print the recipient (age1…) of an identity file"
    recipient = commands.add_parser("recipient", help=words, description=words)
    recipient.add_argument("file", metavar="FILE", type=Path, help="identity file, - for standard input")
    recipient.set_defaults(run=run_recipient)


def run_new(args: argparse.Namespace) -> int:
    """Make an identity file as `age-keygen -o FILE` does; the recipient goes to standard output."""
    identity = age.Identity.generate(os.urandom)
    try:
        if args.file.exists():
            raise ConfigError([f"{args.file} exists and may be the only key to recordings: choose another name"])
        with whole_file(args.file, replace=False) as write:
            write(identity_text(identity, SystemClock().wall_us()).encode())
    except VigilError as error:
        print(f"vigil keys: {error}", file=sys.stderr)
        return CANNOT
    print(identity.recipient)
    print(
        f"\n{args.file} is the only key to what is sealed for it: keep it away from the recorder, and keep a copy.\n"
        f'Put the line above into vigil.toml:\n\n    [owner]\n    recipients = ["{identity.recipient}"]',
        file=sys.stderr,
    )
    return OK


def run_recipient(args: argparse.Namespace) -> int:
    """Print one recipient a line."""
    try:
        for identity in read_identity_file(args.file):
            print(identity.recipient)
    except VigilError as error:
        print(f"vigil keys: {error}", file=sys.stderr)
        return CANNOT
    return OK


def identity_text(identity: age.Identity, at_us: int) -> str:
    """Return an identity file as `age-keygen` writes it."""
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return f"# created: {at:%Y-%m-%dT%H:%M:%SZ}\n# public key: {identity.recipient}\n{identity.text()}\n"
