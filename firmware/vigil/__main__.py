"""
The command `vigil`.

Everything a person or systemd starts is a sub-command; heavy parts are
imported only by the command that needs them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from vigil import __version__, logs
from vigil.errors import VigilError

FAMILIES = (
    "run",
    "config",
    "rules",
    "keys",
    "listing",
    "export",
    "stick",
    "devices",
    "verify",
    "check",
    "hold",
    "store",
    "control",
    "arming",
    "status",
    "presence",
    "claim",
    "update",
    "ups",
    "reset",
    "upkeep",
)
"""One module of `vigil.cli` each, with `register(subparsers)`."""


# A box waits for these at each start, one after the other, and keeps most of them in memory: they do not pay for the
# others' imports (a tenth of a second and 3 MiB).
ALONE = {"upkeep": "upkeep", "record": "run", "guard": "run", "body": "run", "lookout": "run", "signer": "run"}


class Spare(argparse.ArgumentParser):
    """A parser that does not ask how wide the terminal is: for that Python imports three libraries of compression."""

    def __init__(self, **words: Any) -> None:
        super().__init__(formatter_class=partial(argparse.HelpFormatter, width=78), **words)


def parser(families: Sequence[str] = FAMILIES) -> argparse.ArgumentParser:
    """Return the parser with every sub-command."""
    made = (argparse.ArgumentParser if families is FAMILIES else Spare)(
        prog="vigil", description="A video recorder that can be trusted.", epilog="`vigil COMMAND --help` says more."
    )
    made.add_argument("--version", action="version", version=f"vigil {__version__}")
    subparsers = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for family in families:
        importlib.import_module(f"vigil.cli.{family}").register(subparsers)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 well, 1 not well, 2 wrong usage."""
    words = sys.argv[1:] if arguments is None else arguments
    alone = ALONE.get(words[0]) if words else None
    given = parser([alone] if alone else FAMILIES).parse_args(words)
    # What a person types answers by itself, and logs only what is amiss; what a unit runs logs what it does.
    level = getattr(given, "log_level", None) or ("info" if alone else "warning")
    logs.set_up(level, plain=getattr(given, "plain", False))
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except VigilError as error:
        print(f"vigil: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code


if __name__ == "__main__":
    sys.exit(main())
