"""Body: edges become gestures for guard, guard's words become light, and nobody's absence does harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vigil.body.pins import Pins, simulated
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.config.model_panel import Button
from vigil.config.model_sensor import Sensor
from vigil.config.read import Salvage
from vigil.events import Display, Hello, Lit, Message, Pressed, Senses, SensorSaid, Touch
from vigil.processes.body import Body, open_pins
from vigil.processes.hub import HubClient, HubServer
from vigil.processes.place import Place
from vigil.processes.settings import Settings

SECOND_US = 1_000_000
STATUS, ARM, FAULT, BUTTON, SIREN = 22, 27, 23, 17, 5


class World:
    """A body before a panel, with a clock moved by hand, and guard's ear on the hub."""

    def __init__(self, place: Place, config: Config, pins: Pins | None) -> None:
        self.place = place
        self.settings = Settings(Salvage(config), place, ())
        self.clock = HandClock(steady_us=50 * SECOND_US)
        self.pins = pins
        self.guard: HubServer | None = HubServer(place.hub)
        self.body = Body(self.settings, pins, clock=self.clock)
        self.heard: list[Message] = []

    def wait(self, seconds: float) -> None:
        """Let time pass, and body do what is due when it is due."""
        end_us = self.clock.steady_us() + round(seconds * SECOND_US)
        while True:
            due_us = self.body.round()
            if self.guard:
                self.heard += [message for _, message in self.guard.wait(0)]
            now_us = self.clock.steady_us()
            if now_us >= end_us:
                return
            self.clock.forward_us(max(1, min(due_us, end_us) - now_us))

    def press(self, seconds: float) -> None:
        assert self.pins
        self.pins.touch(BUTTON, high=False)
        self.wait(seconds)
        self.pins.touch(BUTTON, high=True)
        self.wait(0.1)

    def say(self, message: Message) -> None:
        assert self.guard
        self.guard.broadcast(message)

    def gestures(self) -> list[str]:
        return [one.gesture for one in self.heard if isinstance(one, Pressed)]

    def faults(self) -> dict[str, str]:
        return [one for one in self.heard if isinstance(one, Senses)][-1].faults

    def lit(self) -> list[float]:
        assert self.pins
        return [self.pins.lit(gpio) for gpio in (STATUS, ARM, FAULT)]

    def guard_goes(self) -> None:
        assert self.guard
        self.guard.close()
        self.guard = None

    def close(self) -> None:
        self.body.close()
        if self.guard:
            self.guard.close()
        if self.pins:
            self.pins.close()


CONFIG = replace(Config(), lamps=replace(Config().lamps, siren_gpio=SIREN))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(Place(tmp_path), CONFIG, simulated())
    world.wait(1)
    yield world
    world.close()


def test_it_says_who_it_is_and_that_all_is_well(world):
    assert Hello(peer="body", version="0.1.0") in world.heard
    assert world.faults() == {}


def test_a_press_is_told_to_guard_once(world):
    world.press(0.2)

    (told,) = [one for one in world.heard if isinstance(one, Pressed)]
    assert told == Pressed(button="panel", gesture="short", at_us=told.at_us)
    assert 51.2 <= told.at_us / SECOND_US <= 51.3


def test_a_hold_is_told_while_the_finger_is_still_there(world):
    world.pins.touch(BUTTON, high=False)
    world.wait(10.1)

    assert world.gestures() == ["hold"]


def test_a_press_is_seen_on_the_arm_lamp_before_guard_has_said_anything(world):
    world.pins.touch(BUTTON, high=False)
    world.wait(0.03)
    assert world.lit()[1] == 1

    world.wait(0.2)
    assert world.lit()[1] == 0


def test_what_guard_says_is_shown_and_its_silence_too(world):
    assert world.lit() == [0, 0, 1]

    world.say(Display(lamps={"status": "steady", "arm": "steady", "fault": "off"}))
    world.wait(0.1)
    assert world.lit() == [1, 1, 0]

    world.wait(3)
    assert world.lit() == [0, 0, 1]


def test_guard_may_go_and_come_back(world):
    world.guard_goes()
    world.press(0.2)
    world.wait(2)
    world.guard = HubServer(world.place.hub)
    world.heard.clear()
    world.wait(2)
    world.press(0.2)

    assert any(isinstance(one, Hello) for one in world.heard)
    assert world.gestures() == ["short"]


def test_a_siren_ends_though_guard_is_gone(world):
    world.say(Display(lamps={"arm": "flicker"}, sound="siren", sound_left_us=20 * SECOND_US))
    world.wait(0.1)
    assert world.pins.lit(SIREN) == 1
    world.guard_goes()
    world.wait(19)
    assert world.pins.lit(SIREN) == 1

    world.wait(1)
    assert world.pins.lit(SIREN) == 0


def test_a_button_that_is_stuck_is_told_as_a_fault(world):
    world.pins.touch(BUTTON, high=False)
    world.wait(32)
    assert "stuck" in world.faults()["button"]

    world.pins.touch(BUTTON, high=True)
    world.wait(2)
    assert world.faults() == {}


class Held(Pins):
    """The finger stays where it is while body opens the line."""

    def input(self, gpio, **rest):
        line = super().input(gpio, **rest)
        self.touch(gpio, high=False)
        return line


def test_a_button_that_is_down_at_the_start_means_nothing(tmp_path):
    pins = Held(simulated()._factory, simulated=False)
    world = World(Place(tmp_path), CONFIG, pins)
    world.wait(12)
    pins.touch(BUTTON, high=True)
    world.wait(1)
    assert world.gestures() == []

    world.press(0.2)
    assert world.gestures() == ["short"]
    world.close()


def test_an_edge_that_was_lost_is_made_up_for(world):
    world.pins.touch(BUTTON, high=False)
    world.body._edges.clear()
    world.wait(1.5)
    world.pins.touch(BUTTON, high=True)
    world.wait(1)

    assert world.gestures() == ["short"]


def test_a_burst_of_edges_costs_no_memory_and_no_press(world):
    for number in range(5000):
        world.pins.touch(BUTTON, high=number % 2 == 1)
    world.wait(1)
    assert world.gestures() == []

    world.press(0.2)
    assert world.gestures() == ["short"]


def test_a_body_that_begins_again_is_as_if_nothing_had_been(world):
    world.pins.touch(BUTTON, high=False)
    world.wait(0.2)
    world.body.close()
    world.pins.touch(BUTTON, high=True)
    world.body = Body(world.settings, world.pins, clock=world.clock)
    world.wait(1)
    assert world.gestures() == [] and world.lit() == [0, 0, 1]

    world.press(0.2)
    assert world.gestures() == ["short"]


def test_without_a_panel_it_speaks_with_guard_all_the_same(tmp_path):
    world = World(Place(tmp_path), CONFIG, None)
    world.wait(2)

    assert world.faults() == {}
    world.close()


def test_a_header_that_cannot_be_opened_is_a_fault(tmp_path):
    settings = Settings(Salvage(CONFIG), Place(tmp_path), ())
    hub = HubServer(Place(tmp_path).hub)
    clock = HandClock()
    body = Body(settings, None, clock=clock, complaint="no GPIO chip")
    body.round()
    said = [message for _ in range(2) for _, message in hub.wait(0)]
    body.close()
    hub.close()

    assert Senses(faults={"panel": "no GPIO chip"}) in said


def test_a_plain_host_has_a_model_and_a_board_that_is_not_wired_has_nothing(tmp_path):
    settings = Settings(Salvage(CONFIG), Place(tmp_path), ())

    pins, complaint = open_pins(settings, model=True)
    assert pins and pins.simulated and complaint == ""
    assert open_pins(settings, model=False) == (None, "")


@pytest.mark.parametrize(("gesture", "seconds"), [("short", 2), ("double", 3), ("long", 4), ("hold", 13)])
def test_hands_before_a_simulated_panel_press_its_button(tmp_path, gesture, seconds):
    world = World(Place(tmp_path), replace(CONFIG, button=Button(double="record")), simulated())
    person = HubClient(world.place.panel, "run")
    world.wait(1)
    assert person.connect() and person.send(Touch(gesture=gesture))

    world.wait(seconds)

    assert world.gestures() == [gesture]
    person.close()
    world.close()


def test_eyes_before_a_simulated_panel_see_its_lamps(world):
    person = HubClient(world.place.panel, "run")
    assert person.connect()
    world.wait(1)
    assert person.receive()[-1] == Lit(levels={"status": "0", "arm": "0", "fault": "100", "siren": "0"})
    world.say(Display(lamps={"status": "breath", "arm": "steady", "fault": "off"}))
    world.wait(1)

    last = [one for one in person.receive() if isinstance(one, Lit)][-1].levels
    assert last["arm"] == "100" and last["fault"] == "0" and 0 < int(last["status"]) < 100
    person.close()


def test_a_sensor_that_swings_at_1_khz_loses_no_press_and_hides_no_other_sensor(tmp_path):
    sensors = (Sensor(id="door", kind="contact", gpio=6), Sensor(id="window", kind="contact", gpio=13))
    pins = simulated()
    world = World(Place(tmp_path), replace(CONFIG, sensors=sensors), pins)
    for gpio in (6, 13):
        pins.touch(gpio, high=False)
    world.wait(1)
    world.heard.clear()

    for millisecond in range(4000):
        pins.touch(6, high=millisecond % 2 == 0)
        if millisecond in (1000, 1200):
            pins.touch(BUTTON, high=millisecond == 1200)
        if millisecond == 2000:
            pins.touch(13, high=True)
        world.wait(0.001)

    said = [one for one in world.heard if isinstance(one, SensorSaid) and one.changes]
    assert world.gestures() == ["short"]
    assert [one.active for one in said if one.sensor == "window"] == [True]
    assert 3 <= len([one for one in said if one.sensor == "door"]) <= 4
    world.close()
