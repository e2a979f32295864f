"""Claiming a box, on a hand clock: what opens, who takes it, and what is refused."""

from __future__ import annotations

import pytest

from fakes.claims import HOUR, MINUTE, NEW, OLD, SECOND, ClaimedBox
from vigil.guard.facts import ArmState
from vigil.guard.ownership import Owned, Ownership

CLAIMED = Ownership(owned=Owned.CLAIMED, administrator="otto", recipients=(OLD,), how="unclaimed", taken=1)
ARMED = [state for state in ArmState if state is not ArmState.DISARMED]


def new_box() -> ClaimedBox:
    return ClaimedBox()


def claimed() -> ClaimedBox:
    return ClaimedBox(CLAIMED, has_recipients=True)


def announced() -> ClaimedBox:
    box = claimed()
    box.holds_very_long()
    return box


def test_a_new_box_is_nobodys_and_remembers_that_it_was_asked():
    box = new_box()

    assert box.part.owned is Owned.UNCLAIMED
    assert box.file is not None
    assert box.complaint == ""


def test_a_hold_opens_a_new_box_for_ten_minutes_and_no_longer():
    box = new_box()
    assert box.takes(NEW).startswith("claiming is not open")
    box.holds()
    assert box.lamps["status"] == "fast"
    assert box.part.due_us == box.steady_us + 10 * MINUTE

    box.runs(10 * MINUTE - SECOND)
    assert box.part.opened
    box.runs(SECOND)
    assert box.part.opened is None
    assert box.lamps["status"] == ""
    assert box.kinds() == ["claim.opened", "claim.closed"]
    assert box.takes(NEW).startswith("claiming is not open")


def test_whoever_takes_it_is_in_the_journal_and_nobody_takes_it_twice():
    box = new_box()
    box.holds()

    assert box.takes(NEW, name="anna") == ""
    assert box.takes(NEW, name="eve").startswith("claiming is not open")
    assert box.part.owned is Owned.CLAIMED
    assert box.journal[-1] == (
        "claim.taken",
        {
            "administrator": "anna",
            "recipients": [NEW],
            "why": "unclaimed",
            "taken": 1,
            "who": "10.0.0.5",
            "how": "page",
        },
    )
    box.holds()
    assert box.part.opened is None


@pytest.mark.parametrize("state", list(ArmState))
def test_a_new_box_is_opened_whatever_its_alarm_is(state):
    box = new_box()
    box.arms(state)
    box.holds()

    assert box.part.opened


def test_a_prepared_box_gets_an_administrator_and_keeps_whom_it_seals_for():
    box = ClaimedBox(has_recipients=True)
    assert box.part.owned is Owned.PREPARED
    box.holds()

    assert "stays so" in box.takes(NEW)
    assert box.takes() == ""
    assert box.ownership.recipients == ()


@pytest.mark.parametrize("state", ARMED)
def test_a_prepared_box_that_is_armed_refuses_and_says_so(state):
    box = ClaimedBox(has_recipients=True)
    box.arms(state)
    box.holds()

    assert box.part.opened is None
    assert box.kinds() == ["claim.refused"]


def test_arming_closes_what_was_opened_of_a_prepared_box():
    box = ClaimedBox(has_recipients=True)
    box.holds()
    box.arms(ArmState.ARMED_AWAY)

    assert box.part.opened is None
    assert box.kinds() == ["claim.opened", "claim.closed"]


def test_a_cut_closes_claiming():
    box = new_box()
    box.holds()
    box.power_cut(off_us=SECOND)

    assert box.takes(NEW).startswith("claiming is not open")


@pytest.mark.parametrize(
    ("name", "recipients", "words"),
    [
        ("", (NEW,), "name"),
        (" anna", (NEW,), "name"),
        ("an\nna", (NEW,), "name"),
        ("a" * 65, (NEW,), "name"),
        ("anna", (), "public key"),
        ("anna", (NEW,) * 9, "public key"),
        ("anna", (NEW[:-1] + "q",), "checksum"),
        ("anna", ("AGE-SECRET-KEY-1",), "secret key"),
    ],
)
def test_a_claim_with_mistakes_is_refused_and_may_be_made_again(name, recipients, words):
    box = new_box()
    box.holds()

    assert words in box.takes(*recipients, name=name)
    assert box.part.opened
    assert box.takes(NEW) == ""


def test_a_box_that_does_not_know_whose_it_is_opens_for_nobody():
    box = claimed()
    box.file = b""
    box.power_cut(off_us=1)
    assert box.part.owned is Owned.UNKNOWN
    assert "taken for somebody's" in box.complaint

    box.holds()
    assert box.part.opened is None
    box.holds_very_long()
    assert box.kinds() == ["takeover.announced"]


def test_what_others_show_hides_it_for_a_second_at_most():
    box = announced()
    box.lamps["fault"] = "count-1"
    box.runs(SECOND, look_us=SECOND)
    assert box.lamps["fault"] == "calling"

    box = new_box()
    box.holds()
    box.lamps["status"] = "steady"
    box.runs(SECOND, look_us=SECOND)
    assert box.lamps["status"] == "fast"


def test_it_leaves_lamps_alone_that_say_nothing_of_it():
    box = claimed()
    box.holds_very_long()
    box.runs(HOUR)
    box.cancels()
    box.runs(HOUR)

    assert "status" not in box.lamps
