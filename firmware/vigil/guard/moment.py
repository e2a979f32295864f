"""When something is judged: both hands of the clock, and how far the one that people read may be believed."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.clock.trust import Trust


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One look at the clock, in microseconds.

    Spans are measured by `steady_us` alone, which never steps; `wall_us` (UTC)
    is for people, for times of the day and for what must be compared across
    a power cut, and only as far as `trust` goes.
    """

    steady_us: int
    wall_us: int
    trust: Trust
