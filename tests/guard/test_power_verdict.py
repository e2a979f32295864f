"""The power in the verdict on the box: each misfortune is one fault, told once."""

from __future__ import annotations

import pytest

from fakes.mains import SILENT, Mains, on_mains
from vigil.guard.deeds import Deed, Enter
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.faults import Level


class Box:
    """A box of which only the power is judged, once a second."""

    def __init__(self, mains: Mains) -> None:
        self.mains = mains
        self.diagnosis = Diagnosis(mains.now, expected=[("power", "")])
        self.entered: list[str] = []
        self.hear(mains.deeds)

    def hear(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            if said := getattr(deed, "said", None):
                self.diagnosis.hear(said, self.mains.now)

    def live(self, seconds: int) -> None:
        for _ in range(0, seconds, 5):
            self.hear(self.mains.after(5))
            for deed in self.diagnosis.look(self.mains.now):
                assert isinstance(deed, Enter)
                self.entered.append(f"{deed.kind.removeprefix('fault.')} {deed.fields['id']}")

    def readings(self) -> list[str]:
        return [one.id for one in self.diagnosis.verdict.readings if one.state]


@pytest.fixture
def box() -> Box:
    return Box(on_mains())


def test_mains_are_well_and_a_box_that_has_not_looked_yet_does_not_know(box):
    box.live(5)
    never = Box(Mains())
    never.live(5)

    assert box.diagnosis.verdict.level is Level.OK
    assert never.diagnosis.verdict.level is Level.UNKNOWN


def test_a_cut_and_its_end_are_a_fault_each_and_the_figures_are_as_the_ups_last_said(box):
    box.mains.status("OB", 80, 1500)
    box.live(60)
    box.mains.status("OB", 70, 1300)
    box.live(60)
    (reading,) = (one for one in box.diagnosis.verdict.readings if one.state)
    assert reading.why == "the mains are away: the box runs on battery (the UPS says OB, 70 % charged, 1300 s left)"
    box.mains.status("OL CHRG", 70, 1300)
    box.live(60)

    assert box.entered == ["raised power.battery", "cleared power.battery"]


def test_a_ups_that_is_lost_on_battery_ends_no_fault(box):
    box.mains.status("OB", 80, 900)
    box.live(30)
    box.mains.says = SILENT
    box.live(300)
    assert box.readings() == ["power.unknown", "power.battery"]

    box.mains.status("OL", 80, 900)
    box.live(60)

    assert box.entered == [
        "raised power.battery", "raised power.unknown", "cleared power.battery", "cleared power.unknown",
    ]  # fmt: skip


def test_a_worn_battery_stands_beside_whatever_the_mains_do(box):
    box.mains.status("OL RB")
    box.live(30)
    box.mains.status("OB RB", 80, 900)
    box.live(30)

    assert box.readings() == ["power.battery", "power.worn"]
