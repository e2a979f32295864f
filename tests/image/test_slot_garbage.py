"""Garbage lies in the slot files of a whole box: it starts and records, and they are whole again."""

from __future__ import annotations

import random
from pathlib import Path

from fakes.qemu import emulated_for
from fakes.recording_box import Start, cold, recording_box
from fakes.selector_cards import states_of
from vigil.upkeep.slot_files import NAMES
from vigil.upkeep.slots import SIZE_BYTES, Slot, SlotState

# Two starts.
pytestmark = emulated_for(1200, at_length=True)


def test_garbage_in_both_slot_files_or_half_of_one_starts_records_and_is_gone(tmp_path: Path):
    card, chance = recording_box().copy(tmp_path / "card.img"), random.Random(7)
    card.write(1, NAMES[0], card.read(1, NAMES[0])[:30] + chance.randbytes(SIZE_BYTES - 30))
    with cold(card.path) as running:
        running.guest.wait_for(f"^Vigil: {NAMES[0]} is missing or damaged", timeout_s=60)
        assert running.start() == Start(slot="A", after="power", left=(3, 3))
        running.guest.wait_for("^Vigil: starting with", timeout_s=60)
    assert states_of(card) == [SlotState(trying=Slot.A)] * 2

    for name in NAMES:
        card.write(1, name, chance.randbytes(SIZE_BYTES))
    with cold(card.path) as running:
        for name in NAMES:
            running.guest.wait_for(f"^Vigil: {name} is missing or damaged", timeout_s=60)
        assert running.start() == Start(slot="A", after="power", left=(3, 3))
        running.shell.wait()
        running.shell.until_recording()
    assert states_of(card) == [SlotState(trying=Slot.A)] * 2
    assert card.fault(1) == ""
