"""The power over time, on a hand-driven clock: what is told, and when the box goes down, once."""

from __future__ import annotations

from typing import Any

import pytest

from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model_ups import Ups as Settings
from vigil.events import Ups
from vigil.guard.deeds import Deed, Enter, Fault, Happened, PowerOff, Tell
from vigil.guard.facts import Motion, PowerChanged
from vigil.guard.moment import Moment
from vigil.guard.power import Power

SILENT = Ups(trouble="silent", words="upsd does not answer: timed out")


class Mains:
    """A UPS and the judgement of it, second by second. Looks come every 5 s while `says` gives one."""

    def __init__(self, *, up_s: int = 3600, **settings: Any) -> None:
        self.clock = HandClock(steady_us=up_s * 1_000_000)
        self.settings = Settings(enabled=True, **settings)
        self.power = Power(self.settings)
        self.deeds: list[Deed] = []
        self.says: Ups | None = None

    @property
    def now(self) -> Moment:
        return Moment(self.clock.steady_us(), self.clock.wall_us(), Trust.SYNCED)

    def status(self, status: str, charge_pct: float = 100.0, runtime_s: int = 1800) -> None:
        """From now on the UPS says this."""
        self.says = Ups(status=status.split(), charge_pct=charge_pct, runtime_s=runtime_s)

    def after(self, seconds: int) -> list[Deed]:
        """What is done within so many seconds."""
        before = len(self.deeds)
        for second in range(seconds):
            if second % 5 == 0 and self.says:
                self.deeds += self.power.hear(self.says, self.now)
            self.deeds += self.power.look(self.now)
            self.clock.sleep(1)
        return self.deeds[before:]

    def entered(self, kind: str = "power.changed") -> list[Any]:
        return [deed.fields for deed in self.deeds if isinstance(deed, Enter) and deed.kind == kind]

    def faults(self) -> dict[str, str]:
        said = {deed.what: deed.words for deed in self.deeds if isinstance(deed, Fault)}
        return {what: words for what, words in said.items() if words}

    def told(self) -> list[str]:
        return [deed.words for deed in self.deeds if isinstance(deed, Tell)]

    def offs(self) -> list[PowerOff]:
        return [deed for deed in self.deeds if isinstance(deed, PowerOff)]


@pytest.fixture
def mains() -> Mains:
    """A box on mains, with a UPS that is well."""
    made = Mains()
    made.status("OL")
    made.after(20)
    assert made.power.state == "mains" and not made.faults() and not made.told()
    return made


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
    assert mains.entered("power.off") == [{"why": mains.faults()["power"], "kill_power": True}]
    assert isinstance(mains.deeds[-1], PowerOff), "it is announced before it is done"
    assert any("in 60 s, unless the mains come back" in words for words in mains.told())


def test_each_change_is_entered_before_others_hear_of_it_and_before_people_do(mains):
    mains.status("OB")

    kinds = [type(deed) for deed in mains.after(1)]

    assert kinds == [Enter, Happened, Fault, Tell]
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
    assert mains.told()[-1] == "the mains are back" and not mains.faults()


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
    assert len(mains.told()) == 1


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


def test_one_look_that_fails_is_no_matter(mains):
    for _ in range(20):
        mains.says = SILENT
        mains.after(5)
        mains.status("OL")
        mains.after(5)

    assert [e["after"] for e in mains.entered()] == ["mains"] and not mains.told()


def test_a_ups_that_is_lost_on_mains_is_a_fault_and_no_more(mains):
    mains.says = SILENT

    mains.after(7200)

    assert mains.power.state == "unknown" and mains.offs() == []
    assert mains.faults() == {
        "ups": "nobody knows whether there are mains: upsd does not answer: timed out",
    }
    assert mains.told() == [mains.faults()["ups"]]


def test_a_ups_that_is_found_again_is_told_by_the_fault_going(mains):
    mains.says = SILENT
    mains.after(60)
    mains.status("OL")

    mains.after(5)

    assert mains.power.state == "mains" and not mains.faults()


def test_nobody_looking_at_it_is_as_bad(mains):
    mains.says = None

    mains.after(60)

    assert mains.faults() == {"ups": "nobody knows whether there are mains: whoever looks at the UPS does not"}


def test_a_ups_that_was_never_read_is_a_fault_from_the_start_on():
    mains = Mains()
    mains.says = SILENT

    mains.after(60)

    assert "timed out" in mains.faults()["ups"] and mains.entered() == []


def test_a_ups_that_is_lost_on_battery_is_taken_to_run_out_as_it_said(mains):
    mains.status("OB", 80, 900)
    mains.after(10)
    mains.says = SILENT
    mains.after(590)
    assert mains.power.state == "unknown" and not mains.offs()
    assert set(mains.faults()) == {"ups", "power"}

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
    assert len([deed for deed in mains.deeds if isinstance(deed, Fault) and deed.what == "ups"]) == 1


def test_a_worn_battery_is_a_fault_until_it_is_replaced(mains):
    mains.status("OL RB")
    mains.after(30)
    assert mains.faults() == {"ups battery": "the battery of the UPS is worn out: replace it"}
    assert len(mains.told()) == 1

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
