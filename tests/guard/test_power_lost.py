"""A UPS that says nothing, or nothing that helps: it is told, and nobody hopes for the best."""

from __future__ import annotations

import pytest

from fakes.mains import SILENT, Mains, on_mains
from vigil.guard.deeds import PowerOff


@pytest.fixture
def mains() -> Mains:
    return on_mains()


def test_one_look_that_fails_is_no_matter(mains):
    for _ in range(20):
        mains.says = SILENT
        mains.after(5)
        mains.status("OL")
        mains.after(5)

    assert [e["after"] for e in mains.entered()] == ["mains"] and not mains.raised()


def test_a_ups_that_is_lost_on_mains_is_a_fault_and_no_more(mains):
    mains.says = SILENT

    mains.after(7200)

    assert mains.power.state == "unknown" and mains.offs() == []
    assert mains.faults() == {
        "power.unknown": "nobody knows whether there are mains: upsd does not answer: timed out",
    }
    assert mains.raised() == ["power.unknown"]


def test_a_ups_that_is_found_again_is_told_by_the_fault_going(mains):
    mains.says = SILENT
    mains.after(60)
    mains.status("OL")

    mains.after(5)

    assert mains.power.state == "mains" and not mains.faults()


def test_nobody_looking_at_it_is_as_bad(mains):
    mains.says = None

    mains.after(60)

    assert mains.faults() == {
        "power.unknown": "nobody knows whether there are mains: whoever looks at the UPS does not"
    }


def test_a_ups_that_was_never_read_is_a_fault_from_the_start_on():
    mains = Mains()
    mains.says = SILENT

    mains.after(60)

    assert "timed out" in mains.faults()["power.unknown"] and mains.entered() == []


def test_a_ups_that_is_lost_on_battery_is_taken_to_run_out_as_it_said(mains):
    mains.status("OB", 80, 900)
    mains.after(10)
    mains.says = SILENT
    mains.after(590)
    assert mains.power.state == "unknown" and not mains.offs()
    assert set(mains.faults()) == {"power.unknown", "power.battery"}, "what was last known goes on being said"

    mains.after(80)

    assert [e["after"] for e in mains.entered()][-2:] == ["unknown", "critical"]
    assert mains.offs() == [PowerOff(kill_power=True)]


def test_one_that_never_said_how_long_it_lasts_gets_a_minute(mains):
    mains.status("OB", 80, -1)
    mains.after(1)
    mains.says = SILENT
    mains.after(55)
    assert mains.power.state == "unknown"

    mains.after(70)

    assert len(mains.offs()) == 1


def test_silence_does_not_call_off_what_was_decided(mains):
    mains.status("OB LB", 8, 200)
    mains.after(5)
    mains.says = SILENT

    mains.after(60)

    assert len(mains.offs()) == 1


def test_one_that_is_found_again_in_time_goes_on(mains):
    mains.status("OB", 80, 900)
    mains.after(10)
    mains.says = SILENT
    mains.after(300)
    mains.status("OB", 60, 600)

    mains.after(1000)

    assert mains.offs() == [] and mains.power.state == "low"


@pytest.mark.parametrize("status", ["OFF", ""])
def test_one_that_says_neither_is_not_believed_to_have_mains(mains, status):
    mains.status("OB", 80, 400)
    mains.after(10)
    mains.status(status, 80, 400)

    mains.after(300)

    assert len(mains.offs()) == 1
    assert mains.raised().count("power.unknown") == 1
