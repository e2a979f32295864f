"""Which pictures of which segments make up a film, so that each is in it once. Deciding only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigil.store.browse import Recorded


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Pictures of one segment from `from_us` up to, not including, `to_us` (wall clock).

    `again` is the segment which holds once more what comes from `to_us` on,
    None where none does.
    """

    recorded: Recorded
    from_us: int
    to_us: int
    again: Recorded | None = None


def plan(recorded: Sequence[Recorded], from_us: int, to_us: int) -> list[Stretch]:
    """
    Return what to take of `recorded` (one camera's, by `seq`) for a film of `from_us` to `to_us`.

    Where two segments of one boot overlap, the later one counts from its
    first picture on: an event holds at full rate what idle keyframes had
    covered, and after a fault of the disk the last group of pictures is
    recorded anew. That they overlap is told by the steady clock, which is one
    for both whatever was done to the wall clock. The film begins with the
    keyframe from which its first picture can be decoded; finding it is left to
    whoever opens the segment.
    """
    made: list[Stretch] = []
    next_: Recorded | None = None
    for one in reversed(recorded):
        if next_ and next_.boot != one.boot:
            next_ = None
        again = next_ if next_ and next_.steady_us < max(one.steady_end_us, one.steady_us + 1) else None
        cut_us = one.from_us + again.steady_us - one.steady_us if again else to_us
        stretch = Stretch(one, from_us, min(to_us, cut_us), again if cut_us < to_us else None)
        if max(one.from_us, from_us) < min(max(one.to_us, one.from_us + 1), stretch.to_us):
            made.append(stretch)
        if next_ is None or one.steady_us < next_.steady_us:
            next_ = one
    return made[::-1]
