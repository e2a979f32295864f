"""`vigil upkeep …`: what the system of the box does for itself. Its units call these; people rarely do."""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.cli.data_dir import default_data_dir


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `upkeep`."""
    upkeep = subparsers.add_parser("upkeep", help="what the box does to stay alive (called by its units)")
    commands = upkeep.add_subparsers(dest="what", metavar="WHAT", required=True)
    opening = commands.add_parser("open", help="open and check a data partition, making it first where it is new")
    opening.add_argument("name", choices=("state", "video"))
    opening.set_defaults(run=_open)
    configure = commands.add_parser("configure", help="use another configuration, or go back where it does not work")
    configure.add_argument("file", type=Path, metavar="FILE", help="the new configuration; every mistake is refused")
    configure.add_argument("--data", default=default_data_dir(), type=_directory, metavar="DIR", help="(%(default)s)")
    configure.set_defaults(run=_configure)
    confirm = commands.add_parser("confirm", help="confirm the slot that runs, once its system has proved itself")
    confirm.add_argument("--boot", default=Path("/boot"), type=_directory, metavar="DIR", help="(%(default)s)")
    confirm.add_argument("--data", default=default_data_dir(), type=_directory, metavar="DIR", help="(%(default)s)")
    confirm.set_defaults(run=_confirm)
    bootslot = commands.add_parser("bootslot", help="what RAUC asks about the slots, and orders")
    bootslot.add_argument("words", nargs="+", metavar="WORD")
    bootslot.add_argument("--boot", default=Path("/boot"), type=_directory, metavar="DIR", help="(%(default)s)")
    bootslot.set_defaults(run=_bootslot)
    reset = commands.add_parser("reset", help="take up what a file on the card asks to be forgotten")
    reset.add_argument("--boot", default=Path("/boot"), type=_directory, metavar="DIR", help="(%(default)s)")
    reset.set_defaults(run=_reset)
    for name, run, words in (
        ("first-boot", _first_boot, "make keys and directories, take over the set-up file"),
        ("apply", _apply, "apply the configuration: host name, network, a recorder for each camera"),
        ("watch", _watch, "watch over the box until it is told to stop"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("--data", default=default_data_dir(), type=_directory, metavar="DIR", help="(%(default)s)")
        command.set_defaults(run=run)


def _directory(text: str) -> Path:
    return Path(text).absolute()


def _open(given: argparse.Namespace) -> int:
    from vigil.processes import partitions

    return partitions.main(given.name)


def _first_boot(given: argparse.Namespace) -> int:
    from vigil.processes import first_boot

    return first_boot.main(given.data)


def _apply(given: argparse.Namespace) -> int:
    from vigil.processes import apply

    return apply.main(given.data)


def _configure(given: argparse.Namespace) -> int:
    from vigil.processes import configure

    return configure.main(given.data, given.file)


def _confirm(given: argparse.Namespace) -> int:
    from vigil.processes import confirm

    return confirm.main(given.boot, given.data)


def _bootslot(given: argparse.Namespace) -> int:
    from vigil.processes import bootslot

    return bootslot.main(given.words, given.boot)


def _reset(given: argparse.Namespace) -> int:
    from vigil.processes import reset

    return reset.main(given.boot)


def _watch(given: argparse.Namespace) -> int:
    from vigil.processes import upkeep

    return upkeep.main(given.data)
