"""A system that cannot reach its root resets the box, each time, until the selector takes the other slot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.card import Card
from fakes.damage import change_arguments, hash_offset, overwrite, shorten, turn_bits
from fakes.inside import UNITS
from fakes.qemu import emulated_for
from fakes.recording_box import Box, cold, recording_box
from fakes.walk import Walk

# Half a minute at least for each start of a system that dies.
pytestmark = emulated_for(2400, at_length=True)

# The whole first root has three minutes; how long it is on a box is held by tests/image/test_watchdog_times.py. A busy
# emulator needs most of that until it has found its devices, and here they are not what is missing.
LONGER: dict[str, bytes | str] = {f"{UNITS}/initrd.target.d/longer.conf": b"[Unit]\nJobTimeoutSec=200\n"}
DEVICES_LATER = "systemd.default_device_timeout_sec=190"
TRAP = """[Unit]
DefaultDependencies=no
After={after}
Before=initrd.target
[Service]
Type=oneshot
ExecStart=/bin/bash /trap.sh
"""
# How many tries slot A has left, U-Boot has just written to the first partition.
ANOTHER_WAY_EACH_TIME = r"""
left=$(tr -cs 'A-Z_=0-9' '\n' </dev/disk/by-partuuid/56494749-01 | sed -n '/BOOT_A_LEFT=/{s/.*=//p;q}')
echo "trap: $left left" >/dev/console
[ "$left" != 3 ] || echo c >/proc/sysrq-trigger
[ "$left" != 2 ] || kill -SEGV 1
sleep infinity
"""


def lay_trap(card: Card, script: str, *, after: str) -> None:
    """Let the first root of slot A do something on its way."""
    unit: dict[str, bytes | str] = {
        "trap.sh": script.encode(),
        f"{UNITS}/trap.service": TRAP.format(after=after).encode(),
        f"{UNITS}/initrd.target.wants/trap.service": "../trap.service",
    }
    card.add_to_initrd(2, unit | LONGER)


def root_is_missing(card: Card) -> None:
    """Nothing is hurried here: a device that does not appear is waited for as long as on any box."""
    change_arguments(card, "PARTUUID=56494749-05", "PARTUUID=56494749-15")


def hash_is_wrong(card: Card) -> None:
    change_arguments(card, "roothash=....", "roothash=0000")


def superblock_is_zeroed(card: Card) -> None:
    overwrite(card, 5, bytes(4096), at=hash_offset(card))


def root_is_cut_off(card: Card) -> None:
    shorten(card, 5, sectors=16 * 2048)


def root_is_damaged(card: Card) -> None:
    """Of every 256 KiB a bit is another: the first block that is read, or a later one, is refused."""
    turn_bits(card, 5, every=256 << 10, size=hash_offset(card))


def root_has_no_init(card: Card) -> None:
    """The root is opened, and there is nothing in it to go on with: an empty directory is laid over it."""
    lay_trap(card, "mount -t tmpfs none /sysroot", after="initrd-root-fs.target")


def dies_in_another_way_each_time(card: Card) -> None:
    """The kernel panics, PID 1 crashes, and something never ends."""
    lay_trap(card, ANOTHER_WAY_EACH_TIME, after="initrd-root-device.target")


CORRUPTED = "Kernel panic - not syncing: dm-verity device corrupted"
# Each, and what is told on the console before the reset.
DEAD_ENDS: dict[Callable[[Card], None], str] = {
    root_is_missing: "^Vigil: this system does not start; the box resets",
    hash_is_wrong: CORRUPTED,
    superblock_is_zeroed: "^Vigil: failed: systemd-veritysetup@root",
    root_is_cut_off: "^Vigil: failed: systemd-veritysetup@root",
    root_is_damaged: CORRUPTED,
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


def test_a_first_root_that_panics_crashes_and_hangs_is_left_after_three_tries(box: Box, tmp_path: Path):
    with cold(spoilt(box, tmp_path, dies_in_another_way_each_time), arguments=DEVICES_LATER) as running:
        walk = Walk(running)
        for left in (3, 2, 1):
            walk.start("A", left)
            running.guest.wait_for(f"^trap: {left} left", timeout_s=300)
        walk.start("B", 0)
        walk.tell("first root panics, crashes, hangs")
