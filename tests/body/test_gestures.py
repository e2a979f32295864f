"""What a button says: short, double, long, held; that bounces, sparks and stuck buttons say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.body.gestures import Gestures, Timing

MS = 1000
TIMING = Timing()


class Finger:
    """Presses a button, with a clock in the other hand."""

    def __init__(self, *, pressed: bool = False, wants_double: bool = False) -> None:
        self.now_us = 1_000_000
        self.button = Gestures(pressed=pressed, at_us=self.now_us, wants_double=wants_double)
        self.seen: list[str] = []
        self.pressed = pressed

    def edge(self, *, pressed: bool) -> None:
        self.pressed = pressed
        self.seen += self.button.edge(pressed=pressed, at_us=self.now_us)

    def wait(self, ms: float) -> None:
        """Let time pass as a loop does that sleeps until something is due."""
        end_us = self.now_us + round(ms * MS)
        while (due_us := self.button.due_us) is not None and due_us <= end_us:
            self.now_us = max(self.now_us, due_us)
            self.seen += self.button.look(self.now_us)
        self.now_us = end_us

    def press(self, ms: float, then_ms: float = 1000) -> Finger:
        self.edge(pressed=True)
        self.wait(ms)
        self.edge(pressed=False)
        self.wait(then_ms)
        return self


@pytest.mark.parametrize(
    ("ms", "seen"),
    [(30, ["short"]), (150, ["short"]), (1499, ["short"]), (1500, ["long"]), (9999, ["long"]), (10_000, ["hold"])],
)
def test_how_long_it_was_down_is_what_it_says(ms, seen):
    assert Finger().press(ms).seen == seen
    assert Finger(wants_double=True).press(ms).seen == seen


@pytest.mark.parametrize(("ms", "more"), [(19_999, []), (20_000, ["very_long"]), (29_999, ["very_long"]), (30_000, [])])
def test_a_very_long_press_is_a_hold_first_and_told_when_it_is_let_go(ms, more):
    assert Finger().press(ms).seen == ["hold", *more]
    finger = Finger()
    finger.edge(pressed=True)
    finger.wait(ms)
    assert finger.seen == ["hold"]


def test_nobody_takes_anything_over_by_what_was_down_while_the_box_started():
    finger = Finger(pressed=True)
    finger.wait(25_000)
    finger.edge(pressed=False)
    finger.wait(1000)
    assert finger.seen == []
    assert finger.press(25_000).seen == ["hold", "very_long"]


def test_a_very_long_press_that_nobody_looked_at_meanwhile_is_told_as_both():
    button = Gestures(pressed=False, at_us=0, wants_double=False)
    button.edge(pressed=True, at_us=100 * MS)
    seen = button.edge(pressed=False, at_us=25_100 * MS)
    assert [*seen, *button.look(26_000 * MS)] == ["hold", "very_long"]


def test_a_hold_is_told_while_it_lasts_and_once():
    finger = Finger()
    finger.edge(pressed=True)
    finger.wait(10_001)
    assert finger.seen == ["hold"]

    finger.wait(30_000)
    finger.edge(pressed=False)
    finger.wait(1000)
    assert finger.seen == ["hold"]


def test_two_short_presses_are_one_gesture_where_somebody_wants_that():
    assert Finger(wants_double=True).press(120, 130).press(120).seen == ["double"]
    assert Finger().press(120, 130).press(120).seen == ["short", "short"]


def test_two_presses_far_apart_are_two():
    assert Finger(wants_double=True).press(120, 500).press(120).seen == ["short", "short"]


def test_three_presses_are_a_double_and_a_short_one():
    assert Finger(wants_double=True).press(100, 100).press(100, 100).press(100).seen == ["double", "short"]


def test_a_short_press_before_a_long_one_is_not_lost():
    assert Finger(wants_double=True).press(100, 100).press(2000).seen == ["short", "long"]


def test_a_single_press_is_told_at_once_where_no_second_one_counts():
    finger = Finger()
    finger.edge(pressed=True)
    finger.wait(100)
    finger.edge(pressed=False)
    finger.wait(TIMING.bounce_us / MS)

    assert finger.seen == ["short"]


def test_a_contact_that_bounces_is_one_press():
    finger = Finger()
    for _ in range(5):
        for pressed in (True, False, True):
            finger.edge(pressed=pressed)
            finger.wait(1.3)
    finger.wait(200)
    assert finger.button.pressed
    for _ in range(5):
        for pressed in (False, True, False):
            finger.edge(pressed=pressed)
            finger.wait(0.7)
    finger.wait(1000)

    assert finger.seen == ["short"]


def test_a_spark_on_the_wire_is_no_press():
    assert Finger().press(5).seen == []


def test_a_dip_while_it_is_held_does_not_end_the_hold():
    finger = Finger()
    finger.edge(pressed=True)
    finger.wait(5000)
    finger.edge(pressed=False)
    finger.wait(4)
    finger.edge(pressed=True)
    finger.wait(5000)

    assert finger.seen == ["hold"]


def test_a_button_that_is_down_at_the_start_is_ignored_until_it_is_let_go():
    finger = Finger(pressed=True)
    finger.wait(15_000)
    assert finger.seen == []
    finger.edge(pressed=False)
    finger.wait(1000)
    assert finger.seen == []

    assert finger.press(100).seen == ["short"]


@pytest.mark.parametrize("pressed", [True, False])
def test_a_button_that_stays_down_is_a_fault_until_it_is_let_go(pressed):
    finger = Finger(pressed=pressed)
    if not pressed:
        finger.edge(pressed=True)
    finger.wait(29_000)
    assert finger.button.fault(finger.now_us) == ""
    finger.wait(1_100)
    assert "stuck" in finger.button.fault(finger.now_us)

    finger.edge(pressed=False)
    finger.wait(100)
    assert finger.button.fault(finger.now_us) == ""


def test_a_line_that_hums_is_a_fault_and_no_press():
    finger = Finger()
    for number in range(1000):
        finger.edge(pressed=number % 2 == 0)
        finger.wait(10)
    assert "does not come to rest" in finger.button.fault(finger.now_us)
    assert finger.seen == []

    finger.wait(1000)
    finger.button.look(finger.now_us)
    assert finger.button.fault(finger.now_us) == ""


def test_a_loop_that_was_away_sees_what_happened_meanwhile():
    button = Gestures(pressed=False, at_us=0, wants_double=True)
    told: list[str] = []
    for at_ms, pressed in ((0, True), (100, False), (250, True), (350, False), (2000, True), (4000, False)):
        told += button.edge(pressed=pressed, at_us=at_ms * MS)

    assert told + button.look(9_000_000) == ["double", "long"]


edges = st.lists(st.integers(1, 12_000), max_size=30)


@given(edges, st.booleans(), st.booleans())
def test_looking_more_often_changes_nothing(gaps, wants_double, pressed):
    """Whether a loop wakes up for what is due, or for edges alone, the same is told in the same order."""
    lazy = Gestures(pressed=pressed, at_us=0, wants_double=wants_double)
    eager = Finger(pressed=pressed, wants_double=wants_double)
    begin_us, told, level = eager.now_us, list[str](), pressed
    for gap in gaps:
        level = not level
        eager.wait(gap)
        eager.edge(pressed=level)
        told += lazy.edge(pressed=level, at_us=eager.now_us - begin_us)
    eager.wait(60_000)
    told += lazy.look(eager.now_us - begin_us)

    assert told == eager.seen


@given(edges, st.booleans())
def test_every_press_says_one_thing_at_most(gaps, wants_double):
    finger, presses = Finger(wants_double=wants_double), 0
    for gap in gaps:
        finger.edge(pressed=not finger.pressed)
        presses += finger.pressed
        finger.wait(gap)
    if finger.pressed:
        finger.edge(pressed=False)
    finger.wait(60_000)

    assert len(finger.seen) <= presses
    assert finger.button.due_us is None
