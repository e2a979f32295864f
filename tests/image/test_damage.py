"""Whatever of a card is damaged, the box finds it, says it, and records on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.card import Card
from fakes.damage import overwrite, partition
from fakes.qemu import emulated
from fakes.recording_box import Running, cold, recording_box
from vigil.upkeep.partition_table import SECTOR

# A start takes a minute or two in the emulator, and each test here has one or more.
pytestmark = [
    *(mark for mark in emulated if mark.name not in ("timeout", "slow")),
    pytest.mark.torture,
    pytest.mark.timeout(2400),
]

MIB = 1 << 20


def logged(running: Running, pattern: str) -> int:
    """How many lines of this start's log match."""
    return int(running.shell.ask(f"journalctl -b --no-pager -o cat | grep -cE '{pattern}' || true"))


def overwritten(card: Card, noise: bytes) -> bool:
    """Whether p7 still begins with the noise: nobody has made it anew."""
    with card.path.open("rb") as disk:
        disk.seek(partition(card, 7).start * SECTOR)
        return disk.read(len(noise)) == noise


def test_a_state_that_is_destroyed_costs_no_recording_and_is_told(tmp_path: Path):
    card = recording_box().copy(tmp_path / "card.img")
    noise = os.urandom(MIB)
    for at in range(64):
        overwrite(card, 7, noise, at=at * MIB)

    with cold(card.path) as running:
        running.shell.wait()
        running.shell.until_recording()
        assert logged(running, "vda7 is not used: it was in use") > 0
        assert logged(running, "the state partition is not there: the box records on") > 0
        assert overwritten(card, noise)
