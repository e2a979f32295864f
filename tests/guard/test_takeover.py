"""Taking a box over, on a hand clock: what is announced, what it waits for, what ends it."""

from __future__ import annotations

import pytest

from fakes.claims import HOUR, MINUTE, NEW, OLD, SECOND, ClaimedBox
from vigil.guard.claiming import SAVE_US
from vigil.guard.deeds import Fault, Tell
from vigil.guard.facts import ArmState
from vigil.guard.ownership import RIPE_US, Owned, Ownership

CLAIMED = Ownership(owned=Owned.CLAIMED, administrator="otto", recipients=(OLD,), how="unclaimed", taken=1)
ARMED = [state for state in ArmState if state is not ArmState.DISARMED]


def claimed() -> ClaimedBox:
    return ClaimedBox(CLAIMED, has_recipients=True)


def announced() -> ClaimedBox:
    box = claimed()
    box.holds_very_long()
    return box


def ripe() -> ClaimedBox:
    box = announced()
    box.runs(RIPE_US)
    return box


def test_a_hold_of_a_claimed_box_does_nothing():
    box = claimed()

    assert box.holds() == []
    assert box.kinds() == []


def test_a_takeover_is_shown_told_and_journaled_and_gives_nothing():
    box = announced()

    assert box.kinds() == ["takeover.announced"]
    assert box.lamps == {"fault": "calling"}
    assert any(isinstance(deed, Fault) and deed.what == "takeover" and deed.words for deed in box.deeds)
    assert any(isinstance(deed, Tell) for deed in box.deeds)
    assert box.takes(NEW).startswith("claiming is not open")


def test_after_a_day_and_another_hold_the_box_has_another_owner():
    box = announced()
    box.runs(RIPE_US - SECOND)
    box.holds()
    assert box.part.opened is None

    box.runs(SECOND)
    assert box.kinds() == ["takeover.announced", "takeover.ripe"]
    assert box.takes(NEW).startswith("claiming is not open")
    box.holds()
    assert "public key" in box.takes()
    assert box.takes(NEW) == ""
    assert box.kinds()[2:] == ["claim.opened", "takeover.completed", "claim.taken"]
    assert box.ownership == Ownership(
        owned=Owned.CLAIMED, administrator="anna", recipients=(NEW,), how="takeover", taken=2
    )
    assert box.lamps == {"status": "", "fault": ""}


def test_nobody_came_within_another_day():
    box = ripe()
    box.runs(RIPE_US - SECOND)
    box.holds()
    assert box.part.opened
    box.runs(SECOND)

    assert box.part.opened is None
    assert box.kinds()[-2:] == ["takeover.cancelled", "claim.closed"]


@pytest.mark.parametrize("state", ARMED)
def test_a_takeover_is_refused_while_the_box_is_not_disarmed(state):
    box = claimed()
    box.arms(state)
    box.holds_very_long()

    assert box.kinds() == ["takeover.refused"]
    assert box.waiting is None


@pytest.mark.parametrize("state", ARMED)
@pytest.mark.parametrize("begun", [announced, ripe])
def test_arming_ends_a_takeover_for_good(begun, state):
    box = begun()
    box.holds()
    box.arms(state)
    assert box.waiting is None
    assert box.part.opened is None
    assert "takeover.cancelled" in box.kinds()
    assert box.lamps["fault"] == ""

    box.arms(ArmState.DISARMED)
    box.holds()
    assert box.part.opened is None


@pytest.mark.parametrize("begun", [announced, ripe])
def test_an_owner_says_no_and_the_next_one_waits_from_the_start(begun):
    box = begun()
    assert box.cancels() == ""
    assert box.cancels() == "there is no takeover to cancel"

    box.holds_very_long()
    box.runs(RIPE_US - SECOND)
    assert box.kinds()[-1] == "takeover.announced"
    box.runs(SECOND)
    assert box.kinds()[-1] == "takeover.ripe"


def test_while_it_waits_a_second_ask_changes_nothing():
    box = announced()
    box.runs(HOUR)
    left_us = box.left_us

    assert box.holds_very_long() == []
    assert box.left_us == left_us


def test_with_a_prepared_stick_in_it_is_refused():
    box = claimed()
    box.plugs(present=True)
    box.holds_very_long()
    assert box.kinds() == ["takeover.refused"]

    box.plugs(present=False)
    box.holds_very_long()
    assert box.kinds() == ["takeover.refused", "takeover.announced"]


# The 24 hours


def test_a_cut_costs_a_minute_at_most_and_gives_none():
    box = announced()
    box.runs(10 * HOUR + 30 * SECOND)
    before_us = box.waited_us
    box.power_cut(off_us=20 * HOUR)
    after_us = box.waited_us

    assert before_us - SAVE_US <= after_us <= before_us
    assert box.lamps["fault"] == "calling"


@pytest.mark.parametrize("years", [-10, 10])
def test_the_clock_on_the_wall_has_no_say(years):
    box = announced()
    box.wall_us += years * 365 * 24 * HOUR
    box.runs(RIPE_US - SECOND)
    assert "takeover.ripe" not in box.kinds()
    box.runs(SECOND)
    assert "takeover.ripe" in box.kinds()


def test_of_a_time_for_which_nobody_came_round_a_minute_counts():
    box = announced()
    box.runs(30 * HOUR, look_us=30 * HOUR)

    assert box.waited_us == MINUTE


def test_it_is_saved_once_a_minute_and_not_at_each_look():
    box = announced()
    before = box.file
    box.runs(59 * SECOND, look_us=SECOND)
    assert box.file == before
    box.runs(SECOND)
    assert box.file != before


@pytest.mark.parametrize("cut", [{"journal": False}, {"off_us": 5}])
def test_a_takeover_that_nobody_vouches_for_ends_at_a_start(cut):
    box = announced()
    if "journal" not in cut:
        # The disk refused to forget it, but the journal knows.
        kept = box.file
        box.cancels()
        box.file = kept
    box.power_cut(**{"off_us": 1, **cut})

    assert box.waiting is None
    assert box.kinds()[-1] == "takeover.cancelled"


def test_a_box_that_begins_armed_has_no_takeover():
    box = announced()
    box.state = ArmState.ARMED_AWAY
    box.power_cut(off_us=1)

    assert box.waiting is None


def test_a_ripe_one_is_ripe_after_a_cut():
    box = ripe()
    box.power_cut(off_us=HOUR)
    box.holds()

    assert box.part.opened
