"""A system that cannot reach its root resets the box, each time, until the selector takes the other slot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.card import Card
from fakes.damage import change_arguments, hash_offset, turn_bits
from fakes.inside import UNITS
from fakes.qemu import emulated_for
from fakes.recording_box import Box, cold, recording_box
from fakes.walk import Walk

# Half a minute at least for each start of a system that dies.
pytestmark = emulated_for(2400, at_length=True)

TRAP = """[Unit]
DefaultDependencies=no
After={after}
Before=initrd.target
[Service]
Type=oneshot
ExecStart=/bin/bash /trap.sh
"""


def lay_trap(card: Card, script: str, *, after: str) -> None:
    """Let the first root of slot A do something on its way."""
    unit: dict[str, bytes | str] = {
        "trap.sh": script.encode(),
        f"{UNITS}/trap.service": TRAP.format(after=after).encode(),
        f"{UNITS}/initrd.target.wants/trap.service": "../trap.service",
    }
    card.add_to_initrd(2, unit)


def root_is_missing(card: Card) -> None:
    """Nothing is hurried here: a device that does not appear is waited for as long as on any box."""
    change_arguments(card, "PARTUUID=56494749-05", "PARTUUID=56494749-15")


def root_is_damaged(card: Card) -> None:
    """Of every 256 KiB a bit is another: the first block that is read, or a later one, is refused."""
    turn_bits(card, 5, every=256 << 10, size=hash_offset(card))


def root_has_no_init(card: Card) -> None:
    """The root is opened, and there is nothing in it to go on with: an empty directory is laid over it."""
    lay_trap(card, "mount -t tmpfs none /sysroot", after="initrd-root-fs.target")


# Each, and what is told on the console before the reset.
DEAD_ENDS: dict[Callable[[Card], None], str] = {
    root_is_missing: "^Vigil: this system does not start; the box resets",
    root_is_damaged: "Kernel panic - not syncing: dm-verity device corrupted",
    root_has_no_init: "^Vigil: failed: initrd-switch-root",
}


@pytest.fixture(scope="module")
def box() -> Box:
    return recording_box()


def spoilt(box: Box, place: Path, spoil: Callable[[Card], None]) -> Path:
    """A copy of the box's card whose slot A does not start."""
    card = box.copy(place / "card.img")
    spoil(card)
    return card.path


@pytest.mark.parametrize("spoil", DEAD_ENDS, ids=lambda spoil: spoil.__name__)
def test_a_dead_end_is_a_reset_that_costs_a_try(box: Box, tmp_path: Path, spoil: Callable[[Card], None]):
    with cold(spoilt(box, tmp_path, spoil)) as running:
        walk = Walk(running)
        walk.start("A", 3)
        running.guest.wait_for(DEAD_ENDS[spoil], timeout_s=400)
        walk.start("A", 2)
        walk.tell(spoil.__name__)
