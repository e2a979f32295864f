"""What is remembered of the box's health over a restart of guard, or of the box."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.health import SECOND, at
from vigil.errors import FormatError
from vigil.guard.health_memory import Past, restored, saved
from vigil.guard.probes import FAULTS
from vigil.guard.standing import Standing

LOST = Standing(FAULTS["camera.lost"], "gate", "no answer", at(10).steady_us, at(10).wall_us, flaps=3)
PAUSED = Standing(FAULTS["camera.paused"], "gate", "", at(10).steady_us, at(10).wall_us)
PAST = Past(boot="one", was_synced=True, was_reached=True, alone="B is spent", refused="not signed")


def kept() -> bytes:
    return json.dumps(saved(PAST, [LOST, PAUSED])).encode()


def test_what_was_kept_is_found_again_but_for_notices():
    assert restored(kept(), FAULTS, boot="one", now=at(60)) == (PAST, [LOST])


def test_after_a_restart_of_the_box_the_wall_clock_says_since_when():
    past, (lost,) = restored(kept(), FAULTS, boot="two", now=at(3610))

    assert past == Past(boot="two", refused="not signed")
    assert at(3610).steady_us - lost.since_us == 3600 * SECOND


def test_a_clock_that_lost_the_time_makes_no_fault_of_the_future():
    _, (lost,) = restored(kept(), FAULTS, boot="two", now=at(-10_000))

    assert lost.since_us == at(-10_000).steady_us


def test_a_fault_that_this_version_does_not_know_is_left_out():
    known = {name: kind for name, kind in FAULTS.items() if name != "camera.lost"}

    assert restored(kept(), known, boot="one", now=at(60)) == (PAST, [])


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"boot":1,"faults":{}}', kept().replace(b'"flaps": 3', b'"flaps": "x"'), b"[" * 100_000],
)
def test_what_is_damaged_is_refused(data: bytes):
    with pytest.raises(FormatError):
        restored(data, FAULTS, boot="one", now=at(60))


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes):
    with pytest.raises(FormatError):
        restored(noise, FAULTS, boot="one", now=at(60))


def test_what_the_systems_own_commands_tell_is_remembered_until_an_update_is_installed():
    past = Past(boot="one")
    past = past.after("slot.spent", {"slot": "B", "why": "it does not start"}).after(
        "update.refused", {"why": "unsigned"}
    )
    assert (past.alone, past.refused) == ("it does not start", "unsigned")

    began = past.after("update.began", {})
    assert (began.alone, began.refused) == ("it does not start", "")
    assert began.after("update.installed", {}) == Past(boot="one")
    assert past.after("card.failing", {"why": "bad"}) == past
