"""The power over time, on a hand-driven clock: what is told, and when the box goes down, once."""

from __future__ import annotations

import pytest

from fakes.mains import Mains, on_mains
from vigil.guard.deeds import Enter, Happened, PowerOff, Seen, Tell
from vigil.guard.facts import Motion, PowerChanged


@pytest.fixture
def mains() -> Mains:
    return on_mains()


def test_a_start_with_mains_is_entered_and_told_to_nobody(mains):
    assert [(e["before"], e["after"]) for e in mains.entered()] == [("unknown", "mains")]


def test_a_cut_that_lasts_goes_all_the_way_and_the_box_is_switched_off_once(mains):
    mains.status("OB", 90, 1500)
    mains.after(30)
    mains.status("OB", 20, 500)
    mains.after(30)
    mains.status("OB LB", 8, 200)
    mains.after(3600)

    assert [e["after"] for e in mains.entered()] == ["mains", "battery", "low", "critical"]
    assert mains.offs() == [PowerOff(kill_power=True)]
    assert mains.raised() == ["power.battery", "power.low", "power.critical"]
    (why,) = mains.faults().values()
    assert "in 60 s, unless the mains come back (the UPS says OB LB, 8 % charged, 200 s left)" in why
    assert mains.entered("power.off") == [{"why": why, "kill_power": True}]
    assert mains.told() == ["the box shuts down now, and starts again with the mains"]
    assert isinstance(mains.deeds[-1], PowerOff), "it is announced before it is done"


def test_each_change_is_entered_before_others_hear_of_it_and_before_people_do(mains):
    mains.status("OB")

    kinds = [type(deed) for deed in mains.after(1)]

    assert kinds == [Enter, Happened, Seen]
    assert Happened(PowerChanged("battery")) in mains.deeds


def test_the_delay_is_kept_to_the_second(mains):
    mains.status("OB LB", 8, 200)
    mains.after(60)
    assert not mains.offs()

    mains.after(1)

    assert mains.offs()


def test_without_a_delay_it_is_done_at_once():
    mains = Mains(shutdown_delay_s=0)
    mains.status("OB LB")

    mains.after(1)

    assert [type(deed) for deed in mains.deeds[-3:]] == [Enter, Tell, PowerOff]


def test_mains_that_are_back_in_time_call_it_off(mains):
    mains.status("OB LB", 8, 200)
    mains.after(45)
    mains.status("OL CHRG", 9, 210)

    mains.after(3600)

    assert mains.offs() == [] and mains.power.state == "mains"
    assert mains.told() == [] and not mains.faults()


def test_mains_that_come_in_the_last_second_are_waited_for(mains):
    mains.status("OB LB", 8, 200)
    mains.after(60)
    mains.status("OL CHRG", 9, 210)

    mains.after(30)

    assert mains.offs() == [] and mains.power.state == "mains"


def test_mains_that_flap_do_not_put_it_off(mains):
    mains.status("OB LB", 8, 200)
    for _ in range(10):
        mains.after(10)
        mains.status("OL CHRG", 8, 200)
        mains.after(5)
        mains.status("OB LB", 8, 200)

    assert len(mains.offs()) == 1
    assert [e["after"] for e in mains.entered()] == ["mains", "critical"]


def test_figures_that_tremble_are_one_change(mains):
    for _ in range(20):
        mains.status("OB", 20, 1800)
        mains.after(5)
        mains.status("OB", 23, 1800)
        mains.after(5)

    assert [e["after"] for e in mains.entered()] == ["mains", "low"]
    assert mains.raised() == ["power.low"]


def test_a_load_that_is_unplugged_calls_it_off_too(mains):
    mains.status("OB", 60, 250)
    mains.after(30)
    mains.status("OB", 60, 900)

    mains.after(600)

    assert mains.offs() == [] and mains.power.state == "battery"


def test_a_box_that_starts_on_an_empty_battery_goes_down_again():
    mains = Mains()
    mains.status("OB LB", 3, 60)

    mains.after(120)

    assert [e["after"] for e in mains.entered()] == ["critical"] and len(mains.offs()) == 1


def test_a_box_that_has_just_started_proves_itself_before_it_goes_down():
    mains = Mains(up_s=40)
    mains.status("OB LB", 3, 60)
    mains.after(140)
    assert mains.power.state == "critical" and not mains.offs()

    mains.after(1)

    assert len(mains.offs()) == 1


def test_a_ups_elsewhere_is_not_told_to_cut_the_power():
    mains = Mains(nut_host="nas.lan")
    mains.status("FSD OB LB")

    mains.after(120)

    assert mains.offs() == [PowerOff(kill_power=False)]


def test_a_worn_battery_is_a_fault_until_it_is_replaced(mains):
    mains.status("OL RB")
    mains.after(30)
    assert mains.raised() == ["power.worn"] == [*mains.faults()]

    mains.status("OL")
    mains.after(5)

    assert not mains.faults() and mains.power.state == "mains"


def test_a_host_that_nobody_could_switch_off_is_judged_on_when_the_mains_are_back(mains):
    mains.status("OB LB", 8, 200)
    mains.after(300)
    mains.status("OL CHRG", 9, 210)
    mains.after(60)
    assert mains.power.state == "mains" and not mains.faults() and len(mains.offs()) == 1

    mains.status("OB LB", 8, 200)
    mains.after(300)

    assert len(mains.offs()) == 2


def test_what_does_not_concern_it_is_passed_over(mains):
    assert mains.power.hear(Motion("gate", True), mains.now) == []


def test_it_wants_to_be_looked_at_when_something_is_due(mains):
    mains.status("OB LB", 8, 200)
    mains.after(1)
    at_us = mains.power.due_us

    assert at_us is not None and 0 < at_us - mains.clock.steady_us() <= 15_000_000
