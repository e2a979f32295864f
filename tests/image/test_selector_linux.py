"""The mark by which a death is told from a power cut outlives a real kernel, which had all other memory to itself."""

from __future__ import annotations

import pytest

from fakes.card import Card, cpio
from fakes.debian_kernel import debian_kernel
from fakes.qemu import Machine, emulated, running
from fakes.selector_cards import START_S, Cards, firmware_tree, reset, state_of
from vigil.upkeep.slots import Slot, SlotState

# A kernel needs 5 s on `virt` and 30 s on `raspi3b` to find that there is no root.
pytestmark = emulated

DEATH_S = 150


@pytest.fixture
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return Cards(tmp_path_factory.mktemp("cards"), slot_mib=48)


def with_kernel(card: Card) -> Card:
    """Slot A gets Debian's kernel, its device tree, and an initrd in which there is nothing to run."""
    card.write(2, "vmlinuz", debian_kernel())
    card.write(2, "initrd", cpio({"nothing/here": b"to be run"}))
    card.write(2, "slot.env", b"slotargs_A=panic=1 memblock=debug\n")
    card.write(2, "dtbs/broadcom/bcm2837-rpi-3-b.dtb", firmware_tree())
    return card


def test_a_kernel_that_panics_early_costs_tries_until_the_other_slot_runs(cards: Cards):
    card = with_kernel(cards.make("virt"))

    with running(Machine(board="virt", card=card.path)) as guest:
        for came in ("power", "reset", "reset"):
            guest.wait_for(f"^Vigil: slot A after {came},", timeout_s=START_S)
            guest.wait_for("Kernel panic - not syncing: VFS", timeout_s=DEATH_S)
        guest.wait_for("^payload B runs$", timeout_s=START_S)

    assert state_of(card) == SlotState(left_a=0, trying=Slot.B)


def test_a_kernel_on_a_pi_leaves_the_mark_alone(cards: Cards):
    """The watchdog driver, which restarts a Pi, is a module: this kernel halts, and somebody presses reset."""
    card = with_kernel(cards.make("raspi3b"))

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        guest.wait_for(r"reserved\[.*0x000000000b000000-0x000000000b0fffff\]", timeout_s=DEATH_S)
        guest.wait_for("Kernel panic - not syncing: VFS", timeout_s=DEATH_S)
        reset(guest)
        guest.wait_for("^Vigil: slot A after reset, left A 2 ", timeout_s=START_S)
