"""What has become of an update, judged at the next start, whatever the power did in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigil.errors import FormatError
from vigil.upkeep.slots import Slot, SlotState, confirm, give_up, try_next, with_left
from vigil.upkeep.update_record import Phase, Record, at_start, confirmed, decode, encode

BEGUN = Record(
    phase=Phase.INSTALLING, version="2.0.0", before="1.0.0", slot=Slot.B, source="/u.raucb", had_network=True
)
WRITING = give_up(SlotState(), Slot.B)
NEXT = try_next(WRITING, Slot.B)


def test_a_record_is_read_as_it_was_written():
    assert decode(encode(BEGUN)) == BEGUN
    assert decode(encode(Record())) == Record()
    assert decode(encode(BEGUN).replace(b"{", b'{"later": 1,', 1)) == BEGUN


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"phase": "odd"}', b'{"phase": "none", "slot": "C"}'])
def test_a_damaged_record_is_none(data: bytes):
    with pytest.raises(FormatError):
        decode(data)


def test_a_cut_while_it_is_written_is_told_and_the_update_is_not_lost_silently():
    for state in (SlotState(), WRITING):
        outcome = at_start(BEGUN, state, Slot.A)

        assert outcome.event == "update.failed"
        assert outcome.record.phase is Phase.FAILED and "cut short" in outcome.record.complaint
        assert at_start(outcome.record, state, Slot.A) == replace(outcome, event="")


def test_a_cut_after_it_was_activated_loses_nothing():
    outcome = at_start(BEGUN, NEXT, Slot.B)

    assert (outcome.event, outcome.record.phase) == ("update.trial", Phase.INSTALLED)
    assert confirmed(outcome.record).record == replace(BEGUN, phase=Phase.CONFIRMED)


def test_a_trial_that_died_three_times_has_failed():
    installed = replace(BEGUN, phase=Phase.INSTALLED)

    for left in (3, 2, 1):
        assert at_start(installed, with_left(NEXT, Slot.B, left), Slot.B).event == "update.trial"
    outcome = at_start(installed, with_left(NEXT, Slot.B, 0), Slot.A)
    assert outcome.event == "update.failed" and "three times" in outcome.record.complaint


def test_a_cut_between_confirming_and_noting_it_is_made_good():
    installed = replace(BEGUN, phase=Phase.INSTALLED)

    outcome = at_start(installed, confirm(NEXT, Slot.B), Slot.B)

    assert (outcome.event, outcome.record.phase, outcome.record.complaint) == ("update.confirmed", Phase.CONFIRMED, "")


def test_slot_files_that_were_lost_end_a_trial_and_it_is_said():
    outcome = at_start(replace(BEGUN, phase=Phase.INSTALLED), SlotState(), Slot.A)

    assert outcome.event == "update.failed" and "damaged" in outcome.record.complaint


def test_on_trial_is_who_was_installed_and_is_not_confirmed():
    installed = replace(BEGUN, phase=Phase.INSTALLED)

    assert installed.is_trial_of(Slot.B)
    assert not any(one.is_trial_of(Slot.B) for one in (BEGUN, Record(), confirmed(installed).record))
    assert not installed.is_trial_of(Slot.A) and not Record(phase=Phase.INSTALLED).is_trial_of(None)


@pytest.mark.parametrize("phase", [Phase.NONE, Phase.CONFIRMED, Phase.FAILED, Phase.ROLLED_BACK])
def test_what_is_over_stays_as_it_is(phase: Phase):
    record = replace(BEGUN, phase=phase, why="so")

    assert at_start(record, SlotState(), Slot.A).record == record
    assert at_start(record, SlotState(), Slot.A).event == ""
