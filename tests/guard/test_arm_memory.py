"""What the alarm remembers: delays go on or begin anew, and what is lost is told and never taken for disarmed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.guard.arm_memory import Found, resumed
from vigil.guard.arm_table import Delays, Standing
from vigil.guard.facts import ArmState

DELAYS = Delays(exit_us=45, entry_us=30, trigger_us=300)
NOW_US = 1000


def kept(state: str, mode: str, *, until_us: int | None = None, boot: str = "this") -> bytes:
    saved = {"state": state, "mode": mode, "until_us": until_us, "boot": boot, "who": "me", "at_us": 5}
    return json.dumps(saved).encode()


def start(found: bytes | None, journaled: str | None = "disarmed") -> tuple[Standing, str]:
    return resumed(Found(kept=found, journaled=journaled), DELAYS, boot="this", now_us=NOW_US)


@pytest.mark.parametrize("state", ["disarmed", "armed_home", "armed_night", "armed_away"])
def test_what_was_armed_is_armed_after_a_power_cut(state: str):
    standing, complaint = start(kept(state, state, boot="another"))

    assert standing == Standing(state=ArmState(state), mode=ArmState(state)) and complaint == ""


@pytest.mark.parametrize(("state", "lasts"), [("arming", 45), ("pending", 30), ("triggered", 300)])
def test_a_delay_that_a_power_cut_ended_begins_anew(state: str, lasts: int):
    standing, complaint = start(kept(state, "armed_away", until_us=3, boot="another"))

    assert standing.state == state and standing.until_us == NOW_US + lasts and complaint == ""


def test_a_delay_goes_on_where_only_guard_was_away():
    assert start(kept("pending", "armed_away", until_us=1010))[0].until_us == 1010


def test_a_delay_that_ran_out_meanwhile_is_over_at_once():
    standing, _ = start(kept("pending", "armed_home", until_us=900))

    assert standing.until_us == 900


def test_no_file_makes_a_delay_longer_than_it_is():
    assert start(kept("arming", "armed_away", until_us=10**15))[0].until_us == NOW_US + 45


def test_a_new_box_is_disarmed_and_has_lost_nothing():
    assert start(None, "") == (Standing(), "")


def test_a_file_that_is_gone_is_replaced_by_what_the_journal_says():
    standing, complaint = start(None, "armed_night")

    assert standing.state is ArmState.ARMED_NIGHT
    assert "the journal says" in complaint


def test_an_alarm_that_only_the_journal_remembers_is_an_alarm():
    standing, _ = start(b"", "triggered")

    assert standing == Standing(state=ArmState.TRIGGERED, mode=ArmState.ARMED_AWAY, until_us=NOW_US + 300)


@pytest.mark.parametrize(("found", "journaled"), [(b"", ""), (b"", None), (None, None), (b"{", None), (b"x", "?")])
def test_what_nobody_knows_is_armed_and_told(found: bytes | None, journaled: str | None):
    standing, complaint = start(found, journaled)

    assert standing.state is ArmState.ARMED_AWAY
    assert "disarm it" in complaint


BROKEN = [
    b"[]",
    b"[" * 10_000,
    b'{"state":"disarmed"}',
    kept("asleep", "armed_away"),
    kept("armed_home", "disarmed"),
    kept("pending", "disarmed", until_us=3),
    kept("disarmed", "armed_away"),
    kept("triggered", "pending"),
]


@pytest.mark.parametrize("found", BROKEN)
def test_a_file_of_nonsense_counts_as_lost(found: bytes):
    assert start(found, "armed_home")[0].state is ArmState.ARMED_HOME
    assert start(found, None)[0].state is ArmState.ARMED_AWAY


@given(st.binary(max_size=200))
def test_no_bytes_whatever_disarm(found: bytes):
    assert start(found or b"x", "armed_away")[0].mode is not ArmState.DISARMED


@given(st.data())
def test_no_damage_to_a_file_leaves_the_table(data: st.DataObject):
    whole = bytearray(kept("pending", "armed_away", until_us=1010))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))

    standing, _ = start(bytes(whole), "armed_away")

    assert standing.mode is not ArmState.DISARMED
    assert (standing.until_us is None) == (DELAYS.of(standing.state) is None)
