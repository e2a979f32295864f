"""What a lamp or a buzzer does in time: pure, so that a clock moved by hand shows all of it."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from itertools import accumulate

_MS = 1000
_SECOND_US = 1_000_000
_COUNTED = re.compile("(count|gap)-([1-9])")
_FILLING = re.compile("filling-([0-9])")

_BREATH_S = 6
_BREATH_STEPS = 24
"""Four steps a second: each costs a wake-up, and more are hardly seen."""

Step = tuple[float, int]
"""A level from 0 to 1, and for how many microseconds."""

DIMMEST_PCT = 10
"""What must be seen is never darker than this."""

_PLAIN: dict[str, tuple[Step, ...]] = {
    "off": ((0.0, 0),),
    "steady": ((1.0, 0),),
    "slow": ((1.0, _SECOND_US), (0.0, _SECOND_US)),
    "fast": ((1.0, 200 * _MS), (0.0, 200 * _MS)),
    "flicker": ((1.0, 60 * _MS), (0.0, 60 * _MS)),
    "wink": ((1.0, 100 * _MS), (0.0, 3900 * _MS)),
    "pairs": ((1.0, 150 * _MS), (0.0, 150 * _MS), (1.0, 150 * _MS), (0.0, 1550 * _MS)),
    "calling": ((1.0, 1500 * _MS), (0.0, 300 * _MS), *((1.0, 150 * _MS), (0.0, 150 * _MS)) * 3, (0.0, 1000 * _MS)),
    "safe": ((1.0, 800 * _MS), (0.0, 200 * _MS), (1.0, 800 * _MS), (0.0, 1200 * _MS)),
    "refused": ((1.0, 100 * _MS), (0.0, 100 * _MS)) * 2 + ((1.0, 100 * _MS), (0.0, 700 * _MS)),
    "ticks": ((1.0, 50 * _MS), (0.0, 950 * _MS)),
    "hurry": ((1.0, 100 * _MS), (0.0, 400 * _MS)),
}
_URGENT = {"fast", "flicker"}

SOUNDS = {"": "off", "leaving": "ticks", "entering": "hurry", "siren": "steady"}
"""What the buzzer does for each sound; the siren knows ``siren`` alone."""


@lru_cache(maxsize=64)
def steps(pattern: str) -> tuple[Step, ...]:
    """
    Return one round of a pattern; a duration of 0 lasts for ever.

    ``count-3`` is three blinks and a pause to count them by, ``gap-2`` a light
    with two short gaps, ``filling-7`` lit for seven tenths of each two seconds.
    A word that is not known is steady light: it is seen.
    """
    if pattern in _PLAIN:
        return _PLAIN[pattern]
    if pattern == "breath":
        return _breath()
    if found := _FILLING.fullmatch(pattern):
        lit = max(100, int(found[1]) * 200)
        return ((1.0, lit * _MS), (0.0, (2000 - lit) * _MS))
    if found := _COUNTED.fullmatch(pattern):
        count = int(found[2])
        if found[1] == "count":
            return ((1.0, 300 * _MS), (0.0, 400 * _MS)) * (count - 1) + ((1.0, 300 * _MS), (0.0, 2 * _SECOND_US))
        return ((0.0, 200 * _MS), (1.0, 300 * _MS)) * (count - 1) + ((0.0, 200 * _MS), (1.0, 3 * _SECOND_US))
    return _PLAIN["steady"]


def level_at(pattern: str, since_us: int, now_us: int) -> tuple[float, int | None]:
    """Return the level of a pattern that began at `since_us`, and when it changes next; None: never."""
    round_ = steps(pattern)
    ends = list(accumulate(length for _, length in round_))
    if not ends[-1]:
        return round_[0][0], None
    within = (now_us - since_us) % ends[-1]
    number = next(at for at, end in enumerate(ends) if within < end)
    return round_[number][0], now_us - within + ends[number]


def dimmed(pattern: str, level: float, brightness_pct: int, *, must_be_seen: bool = False) -> float:
    """
    Return the level that a lamp gets at a brightness from 0 to 100.

    What `must_be_seen`, and what is urgent by itself (a delay that runs, an
    alarm), is never darker than `DIMMEST_PCT`.
    """
    if must_be_seen or pattern in _URGENT:
        brightness_pct = max(brightness_pct, DIMMEST_PCT)
    return level * brightness_pct / 100


def _breath() -> tuple[Step, ...]:
    """A breath in and out; squared, because eyes see the square root of light."""
    length = _BREATH_S * _SECOND_US // _BREATH_STEPS
    waves = [(1 - math.cos(2 * math.pi * at / _BREATH_STEPS)) / 2 for at in range(_BREATH_STEPS)]
    return tuple((round(0.02 + 0.98 * wave**2, 3), length) for wave in waves)
