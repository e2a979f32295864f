"""Which pictures of which segments make up a film, so that each is in it once. Deciding only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigil.store.browse import Recorded, State

NEAR_US = 5_000_000
"""Arrival jitters: a picture that is recorded twice lies at most so far from where the clocks say."""

AFTER_FAULT = "recording goes on after a fault"
"""Why a segment was opened that begins with pictures which may be in the one before it (`store/recording.py`)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Pictures of one segment from `from_us` up to, not including, `to_us` (wall clock).

    They end earlier where `again` begins: a segment which may hold once more
    what comes from about `again_us` on. Whether it does is seen by its first
    picture.
    """

    recorded: Recorded
    from_us: int
    to_us: int
    again: Recorded | None = None
    again_us: int = 0


def plan(recorded: Sequence[Recorded], from_us: int, to_us: int) -> list[Stretch]:
    """
    Return what to take of `recorded` (one camera's, by `seq`) for a film of `from_us` to `to_us`.

    Two segments may hold the same pictures: an event at full rate and the idle
    keyframes before it, or what was recorded anew after a fault of the disk.
    Then the later one counts, from its first picture on. Where they overlap is
    told by the steady clock, which is one for both whatever was done to the
    wall clock. The film begins with the keyframe from which its first picture
    can be decoded; finding it is left to whoever opens the segment.
    """
    made: list[Stretch] = []
    later: Recorded | None = None
    for one in reversed(recorded):
        if later and later.boot != one.boot:
            later = None
        again = later if later and _may_overlap(one, later) else None
        again_us = one.from_us + again.steady_us - one.steady_us if again else to_us
        if max(one.from_us, from_us) < min(max(one.to_us, one.from_us + 1), to_us, again_us):
            near = again if again_us < to_us + NEAR_US else None
            made.append(Stretch(one, from_us, to_us, near, again_us if near else 0))
        if later is None or one.steady_us < later.steady_us:
            later = one
    return made[::-1]


def _may_overlap(one: Recorded, later: Recorded) -> bool:
    twice = later.why == AFTER_FAULT or one.state is State.RECOVERED or (one.rate, later.rate) == ("keyframes", "full")
    return twice and later.steady_us < one.steady_end_us + NEAR_US
