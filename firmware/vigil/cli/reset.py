"""`vigil reset`: the box starts over, without its settings or without everything it ever knew."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from vigil.cli.data_dir import default_data_dir
from vigil.cli.listing import count
from vigil.errors import ResetRefused
from vigil.upkeep.reset import Tier

if TYPE_CHECKING:
    from vigil.processes.reset_ask import Asking

_STAYS = "the two versions of the system, and what is wired to the board, stay"
_WORDS = {
    Tier.SETTINGS: "forget cameras, network, passwords, all settings; recordings, journal and whose it is stay",
    Tier.EVERYTHING: "forget recordings, journal, identity and settings: the box is as if newly flashed",
}

_SETTINGS = """This box forgets its settings: cameras, network, passwords, keys that you added for updates.
Recordings, journal, its identity and whose it is stay. A key of yours that it keeps under a password
goes: have it elsewhere too, or nobody opens the recordings. Cameras plugged in by USB are recorded
again at once, others when you have named them again (docs/guide/starting-over.md)."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `reset`."""
    reset = subparsers.add_parser("reset", help="start over: forget the settings, or everything")
    tiers = reset.add_subparsers(dest="tier", metavar="WHAT", required=True)
    for tier, words in _WORDS.items():
        command = tiers.add_parser(tier, help=words, description=f"{words[0].upper()}{words[1:]}. The box restarts.")
        command.add_argument("--yes", action="store_true", help="do not ask")
        if tier is Tier.EVERYTHING:
            command.add_argument("--even-held", action="store_true", help="also what is held (`vigil hold list`)")
        command.add_argument("--data", type=Path, default=default_data_dir(), metavar="DIR", help="(%(default)s)")
        command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    asking = _asking(given.data.absolute())
    from vigil.processes.confirm import restart_box

    return start_over(asking, given, keyboard=sys.stdin, is_root=os.geteuid() == 0, restart=restart_box)


def start_over(
    asking: Asking, given: argparse.Namespace, *, keyboard: TextIO, is_root: bool, restart: Callable[[], None]
) -> int:
    """Say what would be lost, ask, and do it. Raises `ResetRefused` where it is not to be done."""
    tier = Tier(given.tier)
    if not is_root:
        raise ResetRefused("only root may let the box start over")
    if tier is Tier.EVERYTHING:
        print(f"This box forgets, for good: {_recorded(asking)}; its journal; its identity; every setting.")
        print(f"Nobody can bring it back: {_STAYS}.")
    else:
        print(_SETTINGS)
    if not given.yes:
        _confirm(tier, keyboard)
    sys.stdout.flush()
    if tier is Tier.EVERYTHING:
        asking.everything(by="command", even_held=given.even_held)
    else:
        asking.settings(by="command")
    print("The box restarts, and starts over then.")
    sys.stdout.flush()
    restart()
    return 0


def _recorded(asking: Asking) -> str:
    loss = asking.loss()
    if not loss.segments:
        return "recordings (there are none)"
    held = f", of which {loss.held} {'are' if loss.held > 1 else 'is'} held" if loss.held else ""
    return f"{count(loss.segments, 'segment')} of {count(loss.cameras, 'camera')}{held}"


def _confirm(tier: Tier, keyboard: TextIO) -> None:
    if not keyboard.isatty():
        raise ResetRefused("nobody is at the keyboard to be asked: say --yes if you mean it")
    print(f"Type {tier} to go on: ", end="", flush=True)
    if keyboard.readline().strip() != tier:
        raise ResetRefused("that was not the word, so nothing is forgotten")


def _asking(data: Path) -> Asking:
    from vigil.clock import SystemClock
    from vigil.processes.confirm import slot_here
    from vigil.processes.group import as_unit_of_ours
    from vigil.processes.place import Place
    from vigil.processes.remount import remounted
    from vigil.processes.reset_ask import Asking
    from vigil.store.disk import Disk
    from vigil.upkeep.block_devices import Card, card_of_root

    if slot_here() is None:
        raise ResetRefused(
            f"this system was not started from a card, so there is nothing to reset; {data} is an ordinary directory"
        )
    as_unit_of_ours()
    return Asking(
        Place(data), Disk(), SystemClock(), card=lambda: Card(card_of_root()), boot=Path("/boot"),
        writable=remounted,
    )  # fmt: skip
