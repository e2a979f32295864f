"""A button that is pressed, held and bounces, and a lamp: on gpiozero's own model, on the kernel's, and on a board."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest

from hw_tests.patience import PATIENCE_S, until
from hw_tests.worlds.absence import Absent
from hw_tests.worlds.pins import WORLDS

BOUNCE_S = 0.25
"""Longer than any contact's: an emulated board needs some milliseconds from one edge to the next."""
HOLD_S = 0.3
NEVER_S = 3600


@pytest.fixture(scope="module", params=WORLDS)
def pins(request, alone):
    try:
        with WORLDS[request.param]() as pins:
            yield pins
    except Absent as reason:
        pytest.skip(str(reason))


@contextmanager
def watched(pins, **settings):
    """A button of the box's, and what happens to it, in turn."""
    from gpiozero import Button

    pins.release()
    seen: queue.Queue[str] = queue.Queue()
    with Button(pins.button, pin_factory=pins.factory, **settings) as button:
        button.when_pressed = lambda: seen.put("pressed")
        button.when_held = lambda: seen.put("held")
        button.when_released = lambda: seen.put("released")
        yield button, seen
        # gpiozero waits for whoever holds it.
        pins.release()


def bounce(pins):
    """A contact that closes at last; seconds of the longest pause between two of its edges."""
    edges = [time.monotonic()]
    for move in (pins.press, pins.release) * 10:
        move()
        edges.append(time.monotonic())
    pins.press()
    return max(later - earlier for earlier, later in pairwise([*edges, time.monotonic()]))


def shows(pins, *, lit):
    return lambda: pins.is_lit() is lit


def test_a_press_and_its_end_are_seen(pins):
    with watched(pins, hold_time=NEVER_S) as (button, seen):
        assert not button.is_pressed
        pins.press()
        assert seen.get(timeout=PATIENCE_S) == "pressed"
        assert button.is_pressed
        pins.release()
        assert seen.get(timeout=PATIENCE_S) == "released"
        assert not button.is_pressed


def test_a_button_that_stays_pressed_is_held(pins):
    with watched(pins, hold_time=HOLD_S) as (_, seen):
        pins.press()
        assert [seen.get(timeout=PATIENCE_S) for _ in range(2)] == ["pressed", "held"]
        pins.release()
        assert seen.get(timeout=PATIENCE_S) == "released"


def test_a_contact_that_bounces_is_one_press(pins):
    if not pins.bounces:
        pytest.skip("gpiozero's model of a pin takes every edge for what it is")
    for _ in range(10):
        with watched(pins, bounce_time=BOUNCE_S, hold_time=NEVER_S) as (_, seen):
            if bounce(pins) > BOUNCE_S / 2:
                continue  # this machine was away meanwhile: that was no bouncing
            assert seen.get(timeout=PATIENCE_S) == "pressed"
            pins.release()
            assert seen.get(timeout=PATIENCE_S) == "released"
            assert seen.empty()
            return
    pytest.skip(f"this machine is too slow for ten edges without a pause of {BOUNCE_S / 2} s")


def test_a_spark_on_the_wire_is_no_press(pins):
    if not pins.bounces:
        pytest.skip("gpiozero's model of a pin takes every edge for what it is")
    for _ in range(10):
        with watched(pins, bounce_time=BOUNCE_S, hold_time=NEVER_S) as (_, seen):
            began = time.monotonic()
            pins.press()
            pins.release()
            if time.monotonic() - began > BOUNCE_S / 2:
                continue
            # Had the spark been taken for a press, its end would be told before that of this press.
            threading.Event().wait(2 * BOUNCE_S)
            pins.press()
            assert seen.get(timeout=PATIENCE_S) == "pressed"
            pins.release()
            assert seen.get(timeout=PATIENCE_S) == "released"
            assert seen.empty()
            return
    pytest.skip(f"this machine is too slow for two edges within {BOUNCE_S / 2} s")


def test_a_lamp_is_seen_to_go_on_and_off(pins):
    from gpiozero import LED

    with LED(pins.lamp, pin_factory=pins.factory) as lamp:
        for lit in (False, True, False):
            lamp.value = lit
            assert until(shows(pins, lit=lit)), f"the lamp never went {'on' if lit else 'off'}"


def test_a_lamp_that_blinks_is_seen_both_ways_more_than_once(pins):
    from gpiozero import LED

    with LED(pins.lamp, pin_factory=pins.factory) as lamp:
        lamp.blink(on_time=0.4, off_time=0.4)
        for lit in (True, False, True, False):
            assert until(shows(pins, lit=lit), look_every_s=0.02)


def test_a_lamp_may_be_let_go_and_taken_again(pins):
    from gpiozero import LED

    for _ in range(3):
        with LED(pins.lamp, pin_factory=pins.factory) as lamp:
            lamp.on()
            assert until(pins.is_lit)
