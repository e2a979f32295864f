"""Cards for the tests of the slot selector, and what those tests read off the machine."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from boot.products import device_trees
from fakes.card import Card
from fakes.qemu import Guest
from fakes.tiny_card import make_tiny_card, payload
from vigil.upkeep.slot_files import NAMES
from vigil.upkeep.slots import SlotState, decode

START_S = 120


class Cards:
    """Makes cards for a board on which A and B die or run; kept in a directory that ends with the tests."""

    def __init__(self, directory: Path, *, slot_mib: int = 8) -> None:
        self._directory = directory
        self._slot_mib = slot_mib
        self._made = 0

    def make(self, board: str, *, a_dies: bool = False, b_dies: bool = False) -> Card:
        """A card of its own, copied from one that was made before."""
        template = self._directory / f"{board}.img"
        if not template.exists():
            make_tiny_card(template, board, firmware_tree=firmware_tree(), slot_mib=self._slot_mib)
        self._made += 1
        card = Card(self._directory / f"card-{self._made}.img")
        shutil.copyfile(template, card.path)
        for part, name, dies in ((2, "A", a_dies), (3, "B", b_dies)):
            card.write(part, "vmlinuz", payload(board, f"payload {name} {'dies' if dies else 'runs'}", dies=dies))
        return card


@cache
def firmware_tree() -> bytes:
    """The device tree that a Pi 3's firmware would hand to U-Boot."""
    return (device_trees() / "bcm2837-rpi-3-b.dtb").read_bytes()


def started(guest: Guest) -> tuple[str, str, str]:
    """Wait for a start: which slot, whether `power` or `reset` came before it, and what the slot then said."""
    found = guest.wait_for(r"^Vigil: slot (.) after (\w+),", timeout_s=START_S)
    said = guest.wait_for(r"^payload (.+)$", timeout_s=START_S)
    return found[1], found[2], said[1]


def reset(guest: Guest) -> None:
    """Press the reset button: memory keeps its contents."""
    with guest.qmp() as control:
        control.execute("system_reset")


def states_of(card: Card) -> list[SlotState]:
    """The states in both copies."""
    return [decode(card.read(1, name)) for name in NAMES]


def state_of(card: Card) -> SlotState:
    """The state in the first copy."""
    return decode(card.read(1, "slots.env"))
