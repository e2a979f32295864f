"""What is not in a film although it lies within the time that was asked for, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.out.clip import Clip
from vigil.store.browse import State
from vigil.store.reasons import KEYFRAMES_APART_US, SEAMLESS_US
from vigil.store.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Missing:
    """
    The film has no pictures of `from_us` to `to_us` (wall clock).

    `film_us` is the place in the film where it goes on, `still_us` how long it
    stands still there.
    """

    from_us: int
    to_us: int
    missing_us: int
    film_us: int
    still_us: int
    why: str


def missing(clip: Clip, line: Timeline, from_us: int | None, to_us: int | None) -> list[Missing]:
    """Return what is missing in the film between the times asked for; None: from the first, to the last recorded."""
    assert clip.joined
    found = []
    from_us = line.recorded[0].from_us if from_us is None else from_us
    to_us = max(one.to_us for one in line.recorded) if to_us is None else to_us
    if clip.from_us - from_us > SEAMLESS_US:
        why = _why(clip, line, from_us, clip.from_us) or _outside("older", there=line.before is not None)
        found.append(Missing(from_us, clip.from_us, clip.from_us - from_us, 0, 0, why))
    for seam in clip.joined.seams:
        begin_us, end_us = seam.wall_us, seam.wall_us + seam.gap_us
        if seam.gap_us > 0 and (why := _why(clip, line, begin_us, end_us) or _unexplained(line, begin_us, end_us)):
            found.append(Missing(begin_us, end_us, seam.gap_us, seam.film_us, seam.shown_us, why))
    if to_us - clip.to_us > SEAMLESS_US:
        why = _why(clip, line, clip.to_us, to_us) or _end(line)
        found.append(Missing(clip.to_us, to_us, to_us - clip.to_us, clip.joined.duration_us, 0, why))
    return found


def _why(clip: Clip, line: Timeline, from_us: int, to_us: int) -> str:
    """Return the reasons that hold for a time, empty where there are none."""
    words = [
        f"it could not be opened ({one.why})" for one in clip.troubles if one.from_us < to_us and one.to_us >= from_us
    ]
    for gap in line.gaps:
        if gap.missing_us and gap.from_us < to_us and gap.to_us > from_us:
            words += gap.reasons
    return "; ".join(dict.fromkeys(words))


def _unexplained(line: Timeline, from_us: int, to_us: int) -> str:
    """Where only keyframes were due they may be far apart; anything else ought to have a reason."""
    beside = [one for one in line.recorded if one.from_us <= to_us + SEAMLESS_US and one.to_us >= from_us - SEAMLESS_US]
    if to_us - from_us <= KEYFRAMES_APART_US and any(one.rate == "keyframes" for one in beside):
        return ""
    return "no reason is stated"


def _outside(which: str, *, there: bool) -> str:
    return "no reason is stated" if there else f"nothing {which} is in the store"


def _end(line: Timeline) -> str:
    if line.recorded and line.recorded[-1].state is State.OPEN:
        return "the recorder is still at work on this segment"
    return _outside("newer", there=line.after is not None)
