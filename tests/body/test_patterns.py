"""What lamps do in time, seen on a clock moved by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.body.patterns import SOUNDS, dimmed, level_at, steps

NAMES = ["off", "steady", "breath", "slow", "fast", "flicker", "wink", "pairs", "ticks", "hurry", "gap-1", "gap-2"]
NAMES += [f"count-{number}" for number in range(1, 10)]


def film(pattern: str, seconds: float) -> list[tuple[float, float]]:
    """(when, level) at each change, in seconds."""
    at_us, end_us = 5, 5 + round(seconds * 1_000_000)
    seen = []
    while True:
        level, next_us = level_at(pattern, 5, at_us)
        seen.append(((at_us - 5) / 1_000_000, level))
        if next_us is None or next_us >= end_us:
            return seen
        assert next_us > at_us
        at_us = next_us


@pytest.mark.parametrize("number", range(1, 10))
def test_a_code_can_be_counted(number):
    changes = film(f"count-{number}", 2.3 + 0.7 * (number - 1))

    assert [level for _, level in changes] == [1.0, 0.0] * number
    blinks = [(off - on) for (on, _), (off, _) in zip(changes[::2], changes[1::2], strict=True)]
    assert blinks == pytest.approx([0.3] * number)
    # The pause behind the last blink is longer than any between them.
    assert steps(f"count-{number}")[-1] == (0.0, 2_000_000)


def test_the_breath_is_slow_and_never_dark():
    levels = [level for _, level in film("breath", 6)]

    assert len(levels) == 24 and min(levels) > 0 and max(levels) == 1.0
    top = levels.index(1.0)
    assert levels[: top + 1] == sorted(levels[: top + 1])
    assert levels[top:] == sorted(levels[top:], reverse=True)


@pytest.mark.parametrize(("pattern", "gaps"), [("gap-1", 1), ("gap-2", 2)])
def test_home_and_night_are_told_by_their_gaps(pattern, gaps):
    levels = [level for _, level in film(pattern, sum(length for _, length in steps(pattern)) / 1_000_000)]

    assert levels.count(0.0) == gaps
    assert levels[-1] == 1.0 and steps(pattern)[-1][1] == 3_000_000


def test_steady_and_dark_wake_nobody_up():
    assert level_at("steady", 0, 10**9) == (1.0, None)
    assert level_at("off", 0, 10**9) == (0.0, None)


def test_a_word_that_nobody_knows_is_seen():
    assert level_at("count-0", 0, 7) == level_at("purple", 0, 7) == (1.0, None)


@pytest.mark.parametrize("one", NAMES)
def test_no_two_patterns_look_alike(one):
    assert all(steps(one) != steps(other) for other in NAMES if other != one)


@pytest.mark.parametrize("sound", SOUNDS)
def test_every_sound_has_a_pattern(sound):
    assert SOUNDS[sound] in NAMES


@given(st.sampled_from(NAMES), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_pattern_goes_round_for_ever(pattern, since_us, later_us):
    now_us = since_us + later_us
    length = sum(each for _, each in steps(pattern))

    assert level_at(pattern, since_us, now_us)[0] == level_at(pattern, since_us, now_us + length)[0]


@pytest.mark.parametrize("pattern", [name for name in NAMES if name not in ("off", "steady")])
def test_a_lamp_wakes_nobody_more_than_a_few_times_a_second(pattern):
    changes = film(pattern, 60)
    limit = 17 if pattern == "flicker" else 8

    assert len(changes) <= 60 * limit
    assert all(later > earlier for (earlier, _), (later, _) in pairwise(changes))


def test_what_must_be_seen_is_never_quite_dark():
    assert dimmed("steady", 1.0, 0) == 0.0
    assert dimmed("steady", 1.0, 0, must_be_seen=True) == 0.1
    assert dimmed("flicker", 1.0, 0) == 0.1
    assert dimmed("breath", 0.5, 40) == 0.2
    assert dimmed("fast", 0.0, 100) == 0.0
