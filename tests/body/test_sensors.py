"""Wired sensors on gpiozero's own model of a header."""

from __future__ import annotations

import pytest

from vigil.body.pins import Pins, simulated
from vigil.body.sensors import Said, SensorLines, active_low
from vigil.body.settle import Felt
from vigil.clock import HandClock
from vigil.config.model_sensor import Sensor
from vigil.errors import DeviceError

MS = 1000
DOOR = Sensor(id="door", kind="contact", gpio=5)
PIR = Sensor(id="pir", kind="motion", gpio=6, pull="none", active="high")


class Header:
    """A model of a header with sensors on it, and a clock moved by hand."""

    def __init__(self, *sensors: Sensor) -> None:
        self.clock = HandClock()
        self.pins = simulated()
        self.pokes = 0
        self.lines = SensorLines(sensors, self.pins, now_us=self.clock.steady_us, poke=self._poked)
        for sensor in sensors:
            self.move(sensor.gpio, high=active_low(sensor))
        self.after(1000)
        self.pokes = 0

    def _poked(self) -> None:
        self.pokes += 1

    def move(self, gpio: int, *, high: bool) -> None:
        self.pins.touch(gpio, high=high)

    def after(self, milliseconds: float) -> list[Said]:
        self.clock.forward_us(round(milliseconds * MS))
        return self.lines.feel(self.clock.steady_us())


@pytest.mark.parametrize(
    ("pull", "active", "low"),
    [
        ("up", "open", False), ("up", "closed", True), ("down", "open", True), ("down", "closed", False),
        ("none", "high", False), ("none", "low", True), ("up", "low", True), ("down", "high", False),
    ],
)  # fmt: skip
def test_what_is_open_or_closed_depends_on_where_the_line_is_pulled(pull, active, low):
    assert active_low(Sensor(id="a", kind="contact", gpio=5, pull=pull, active=active)) is low


def test_a_door_that_opens_is_told_once_with_its_time():
    header = Header(DOOR)
    at_us = header.clock.steady_us()

    header.move(5, high=True)
    assert header.pokes == 1
    assert header.after(49) == []
    assert header.lines.due_us == at_us + 50 * MS
    assert header.after(1) == [Said("door", Felt(True, 1, at_us))]
    assert header.after(1000) == []
    header.move(5, high=False)
    assert [said.felt.active for said in header.after(50) if said.felt] == [False]


def test_a_sensor_that_drives_its_line_is_not_pulled():
    header = Header(PIR)
    header.move(6, high=True)

    assert [said.sensor for said in header.after(50)] == ["pir"]
    assert header.pins._factory.pin("GPIO6").pull == "floating"


def test_every_beat_says_how_all_of_them_are_and_makes_up_for_a_lost_edge():
    header = Header(DOOR, PIR)
    now_us = header.clock.steady_us()

    assert header.lines.say(now_us) == [Said("door", Felt(False, 0, now_us)), Said("pir", Felt(False, 0, now_us))]
    header.lines._lines[0].edges.clear()
    header.pins._factory.pin("GPIO5")._when_changed = None
    header.move(5, high=True)
    header.lines._lines[0].edges.clear()
    header.lines.say(header.clock.steady_us())

    assert [said.sensor for said in header.after(50)] == ["door"]


def test_a_line_that_swings_wakes_the_loop_only_to_look_and_hides_no_other():
    header = Header(DOOR, PIR)
    said, poked = [], 0
    for millisecond in range(3000):
        header.move(5, high=millisecond % 2 == 0)
        header.clock.forward_us(MS)
        if millisecond == 1500:
            header.move(6, high=True)
        due_us = header.lines.due_us
        if header.pokes > poked or millisecond % 50 == 0 or (due_us and header.clock.steady_us() >= due_us):
            poked = header.pokes
            said += header.lines.feel(header.clock.steady_us())

    assert header.pokes <= 4
    assert [one.sensor for one in said if one.sensor == "pir"] == ["pir"]
    swung = [one.felt.changes for one in said if one.sensor == "door" and one.felt]
    assert 2 <= len(swung) <= 3 and all(count > 900 for count in swung)


def test_without_a_header_every_wired_sensor_says_so():
    lines = SensorLines(
        [DOOR, Sensor(id="radio", kind="smoke", topic="z/s")], None, now_us=lambda: 0, poke=lambda: None
    )

    assert lines.say(0) == [Said("door", None, "no header of this box can be read")]


def test_a_line_that_cannot_be_opened_costs_itself_alone():
    class OneIsBusy(Pins):
        def input(self, gpio, **more):
            if gpio == DOOR.gpio:
                raise DeviceError("GPIO5 cannot be used: busy")
            return super().input(gpio, **more)

    lines = SensorLines(
        [DOOR, PIR], OneIsBusy(simulated()._factory, simulated=True), now_us=lambda: 0, poke=lambda: None
    )

    assert lines.say(0) == [Said("door", None, "GPIO5 cannot be used: busy"), Said("pir", Felt(False, 0, 0))]
