"""
Makes the times that a camera gives fit to be recorded: whole, in 90 kHz, and only going forward. Pure.

Cameras leave times out, repeat them, and jump when their own clock is set. A
recording must not: its decoding times rise strictly, so that every player
shows the same pictures at the same pace.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from vigil.frames.packet import TICKS_PER_S

Times = tuple[int | None, int | None]
"""pts and dts of one picture, either of which may be missing."""

JUMP_TICKS = 10 * TICKS_PER_S
"""A leap forward longer than this is the camera's clock being set, not a pause: the picture would have been missed."""

BACK_TICKS = TICKS_PER_S
"""A step back within this is jitter, and the picture is pushed forward; beyond it the clock was set."""

LEAD = 32
"""So many pictures may come before the first with both times; more than any encoder reorders."""


class Timeline:
    """One stream's times. `gap_ticks` is the usual distance of its pictures until they show it."""

    def __init__(self, *, gap_ticks: int) -> None:
        self._gap = max(1, gap_ticks)
        self._shift = 0
        self._last: int | None = None

    def place(self, pts: int | None, dts: int | None) -> tuple[int, int]:
        """Return pts and dts for the next picture in decoding order: dts rises strictly, pts is never before it."""
        if self._last is None:
            dts = (pts if pts is not None else 0) if dts is None else dts
            self._last = dts
            return max(dts, dts if pts is None else pts), dts
        expected = self._last + self._gap
        placed = expected if dts is None else self._go_forward(self._last, dts + self._shift)
        if dts is None and pts is not None:
            # A picture is never shown before it is decoded, so its pts bounds what we may assume.
            placed = max(self._last + 1, min(placed, pts + self._shift))
        elif dts is not None and 0 < placed - self._last <= TICKS_PER_S:
            self._gap = placed - self._last
        self._last = placed
        return max(placed, placed if pts is None else pts + self._shift), placed

    def _go_forward(self, last: int, dts: int) -> int:
        if last < dts <= last + JUMP_TICKS:
            return dts
        if last - BACK_TICKS <= dts <= last:
            return last + 1
        self._shift += last + self._gap - dts
        return last + self._gap


def fill_lead(times: Sequence[Times], *, gap_ticks: int) -> list[tuple[int, int]]:
    """
    Return pts and dts for the first pictures of a stream, where RTP leaves some out.

    FFmpeg knows the decoding time of a stream with B pictures only after it has
    seen how deep they are reordered, and the presentation time of the very first
    picture not at all. Counting back from the first known time is exact while
    the pictures come at one pace, which `gap_ticks` says where they do not.
    """
    gap = _pace([pts for pts, _ in times if pts is not None]) or max(1, gap_ticks)
    known = [(at, dts) for at, (_, dts) in enumerate(times) if dts is not None]
    shown = [pts for pts, _ in times if pts is not None]
    if known:
        at, anchor = known[0]
    elif shown:
        # Without any decoding time assume no reordering beyond what the times show.
        at, anchor = 0, min(shown) - gap * times.index(next(t for t in times if t[0] is not None))
    else:
        at, anchor = 0, 0
    filled = []
    for place, (pts, dts) in enumerate(times):
        decoded = anchor + (place - at) * gap if dts is None else dts
        # The first picture of a stream is a keyframe, shown just before all that follow it.
        guess = min(shown) - gap if place == 0 and shown else decoded
        filled.append((max(guess if pts is None else pts, decoded), decoded))
    return filled


def _pace(pts: Sequence[int]) -> int:
    """Return the smallest distance between pictures as they are shown, or nought."""
    ordered = sorted(set(pts))
    return min((b - a for a, b in pairwise(ordered)), default=0)
