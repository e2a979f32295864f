"""The process `body` before a real line: a press becomes a gesture, a door a sensor's word, and guard's word light."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from hw_tests.patience import PATIENCE_S, until
from hw_tests.worlds.absence import Absent
from hw_tests.worlds.pins import WORLDS
from vigil.body.gestures import Timing
from vigil.clock import SystemClock
from vigil.config.model import Config
from vigil.config.model_panel import Button, Lamps
from vigil.config.model_sensor import Sensor
from vigil.config.read import Salvage
from vigil.events import Display, Message, Pressed, SensorSaid
from vigil.processes.hub import HubServer
from vigil.processes.place import Place
from vigil.processes.settings import Settings

BOUNCE_S = Timing().bounce_us / 1_000_000
QUITE_S = 10 * BOUNCE_S
"""So long nothing moves: whatever bounced has come to rest."""

NO_LAMPS = Lamps(status_gpio=0, arm_gpio=0, fault_gpio=0)


@pytest.fixture(scope="module", params=WORLDS)
def pins(request, alone):
    try:
        with WORLDS[request.param]() as pins:
            yield pins
    except Absent as reason:
        pytest.skip(str(reason))


class Guard:
    """What guard would hear of body, and say to it."""

    def __init__(self, hub: HubServer) -> None:
        self._hub = hub
        self._heard: list[Message] = []

    def gestures(self) -> list[str]:
        self._heard += [message for _, message in self._hub.wait(0)]
        return [one.gesture for one in self._heard if isinstance(one, Pressed)]

    def sensed(self) -> list[bool]:
        """What a sensor has changed to, one after the other."""
        self.gestures()
        return [one.active for one in self._heard if isinstance(one, SensorSaid) and one.changes == 1]

    def counted(self) -> int:
        """How many changes of a line that did not come to rest were told."""
        self.gestures()
        return sum(one.changes for one in self._heard if isinstance(one, SensorSaid) and one.changes > 1)

    def has_heard(self) -> bool:
        return self.gestures() != []

    def is_met(self) -> bool:
        self.gestures()
        return self._hub.named("body") is not None

    def say(self, arm: str) -> None:
        self._hub.broadcast(Display(lamps={"arm": arm}))

    def says(self, arm: str, seen: Callable[[], bool]) -> Callable[[], bool]:
        """Say it as often as guard does, and look."""

        def said_and_seen() -> bool:
            self.gestures()
            self.say(arm)
            return seen()

        return said_and_seen


@contextmanager
def watching(pins, place: Place, *, button: int = 0, lamp: int = 0, door: int = 0) -> Iterator[Guard]:
    """Body at work in a thread on these lines."""
    from vigil.body.pins import Pins
    from vigil.processes.body import Body

    sensors = (Sensor(id="door", kind="contact", gpio=door, active="closed"),) if door else ()
    config = replace(Config(), button=Button(gpio=button), lamps=replace(NO_LAMPS, arm_gpio=lamp), sensors=sensors)
    hub, stop = HubServer(place.hub), threading.Event()
    body = Body(Settings(Salvage(config), place, ()), Pins(pins.factory, simulated=False), clock=SystemClock())

    def run() -> None:
        body.run(stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        guard = Guard(hub)
        assert until(guard.is_met)
        yield guard
    finally:
        stop.set()
        body.poke()
        thread.join(timeout=PATIENCE_S)
        hub.close()
        assert not thread.is_alive()


def press(pins, seconds: float) -> None:
    pins.press()
    time.sleep(seconds)
    pins.release()


def test_a_press_is_a_gesture(pins, tmp_path):
    pins.release()
    with watching(pins, Place(tmp_path), button=pins.button) as guard:
        press(pins, 0.2)
        assert until(lambda: guard.gestures() == ["short"])

        press(pins, 2.5)
        assert until(lambda: guard.gestures() == ["short", "long"])


def test_a_hold_is_told_before_the_finger_is_lifted(pins, tmp_path):
    pins.release()
    with watching(pins, Place(tmp_path), button=pins.button) as guard:
        pins.press()
        assert until(lambda: guard.gestures() == ["hold"])
        pins.release()
        time.sleep(QUITE_S)

        assert guard.gestures() == ["hold"]


def test_a_button_that_is_down_at_the_start_says_nothing(pins, tmp_path):
    pins.release()
    with watching(pins, Place(tmp_path), button=pins.button) as guard:
        if not pins.bounces:
            pytest.skip("gpiozero's model lets go of a line that is opened anew")
        assert guard.gestures() == []
    pins.press()
    with watching(pins, Place(tmp_path), button=pins.button) as guard:
        time.sleep(QUITE_S)
        pins.release()
        time.sleep(QUITE_S)
        press(pins, 0.2)

        assert until(lambda: guard.gestures() == ["short"])


def test_a_burst_of_edges_is_one_press(pins, tmp_path):
    pins.release()
    for _ in range(10):
        with watching(pins, Place(tmp_path), button=pins.button) as guard:
            edges = [time.monotonic()]
            for move in (pins.press, pins.release) * 10:
                move()
                edges.append(time.monotonic())
            pins.press()
            edges.append(time.monotonic())
            time.sleep(QUITE_S)
            pins.release()
            assert until(guard.has_heard)
            if max(later - earlier for earlier, later in pairwise(edges)) < BOUNCE_S / 2:
                assert guard.gestures() == ["short"]
                return
    pytest.skip(f"this machine is too slow for twenty edges without a pause of {BOUNCE_S / 2:g} s")


def test_the_lamp_shows_what_guard_says_and_that_it_is_silent(pins, tmp_path):
    with watching(pins, Place(tmp_path), lamp=pins.lamp) as guard:
        assert until(guard.says("steady", pins.is_lit))
        assert until(guard.says("off", lambda: not pins.is_lit()))
        assert until(guard.says("steady", pins.is_lit))

        assert until(lambda: not pins.is_lit())


def test_a_code_is_seen_to_blink(pins, tmp_path):
    with watching(pins, Place(tmp_path), lamp=pins.lamp) as guard:

        def is_dark() -> bool:
            return not pins.is_lit()

        for lit in (True, False, True, False):
            assert until(guard.says("count-2", pins.is_lit if lit else is_dark), look_every_s=0.02)


def test_a_contact_on_the_line_of_the_button_is_a_door(pins, tmp_path):
    pins.release()
    with watching(pins, Place(tmp_path), door=pins.button) as guard:
        pins.press()
        assert until(lambda: guard.sensed()[-1:] == [True])
        pins.release()
        assert until(lambda: guard.sensed()[-1:] == [False])


def test_a_line_that_swings_is_counted_and_told_as_it_comes_to_rest(pins, tmp_path):
    pins.release()
    with watching(pins, Place(tmp_path), door=pins.button) as guard:
        time.sleep(QUITE_S)
        before, end = len(guard.sensed()), time.monotonic() + 2.5
        while time.monotonic() < end:
            pins.press()
            time.sleep(0.002)
            pins.release()
            time.sleep(0.002)
        pins.press()

        assert until(lambda: guard.sensed()[-1:] == [True])
        if guard.counted() < 100:
            pytest.skip("this machine is too slow for a line that never comes to rest")
        assert len(guard.sensed()) <= before + 3
