"""Deciding whether something moves in front of the camera."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vigil.frames.motion_blocks import BlockSums
from vigil.frames.motion_shapes import Blocks, Seen
from vigil.frames.motion_zones import Polygon, watched
from vigil.frames.packet import Luma

SURE_US = 400_000
"""Something must be seen moving for longer than this: a lamp that is switched on moves no longer."""

HOLD_US = 2_000_000
"""Motion ends when nothing was seen for so long (or for two and a half pictures)."""

SMALLEST = 4
"""Rows and columns of blocks: with fewer there is no telling a thing from its surroundings."""

LEAST_BLOCKS = 3
"""However small the zone: a single block is no thing."""


class Because(StrEnum):
    """What a verdict rests on."""

    MOVES = "something moves"
    BRIEF = "something moved, too briefly to be sure"
    SMALL = "what moves is too small"
    LIGHT = "the light changed"
    STILL = "nothing moves"
    LEARNING = "the background is being learned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What was seen in one picture.

    `moving` stays true for a while after the last motion. `since_us` is when
    the first of the pictures was taken that made it true. `area_pct` is the
    largest thing that moves in this picture, in percent of the watched area.
    `blocks` marks what moves, wherever in the picture.
    """

    moving: bool
    area_pct: float
    why: Because
    since_us: int | None
    blocks: Blocks = field(repr=False)


class Method(Protocol):
    """A way of finding what moves, block by block."""

    shape: tuple[int, int]

    def look(self, picture: NDArray[np.uint8], at_us: int) -> Seen:
        """Judge a picture (height × width grey bytes), and learn from it."""


class Motion:
    """
    One camera's motion, picture by picture.

    `method` is ``blocks`` or ``mog2``, `sensitivity` 0 (only the boldest) to
    100, `minimum_area_pct` the smallest thing that counts, in percent of the
    watched area. Pictures may come at any pace, down to one every few
    seconds. One of another size starts it anew. Begin a new `Motion` when the camera was
    opened again.
    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        method: str = "blocks",
        sensitivity: float = 50.0,
        minimum_area_pct: float = 0.2,
        zones: Sequence[Polygon] = (),
        masks: Sequence[Polygon] = (),
    ) -> None:
        self._name = method
        self._sensitivity = sensitivity
        self._minimum_area_pct = minimum_area_pct
        self._zones, self._masks = zones, masks
        self._begin(width, height)

    def look(self, luma: Luma) -> Verdict:
        """Judge one picture, and learn from it."""
        if (luma.width, luma.height) != self._size:
            self._begin(luma.width, luma.height)
        picture = np.frombuffer(luma.grey, np.uint8).reshape(luma.height, luma.width)
        seen = self._method.look(picture, luma.at_us)
        area = float(np.bincount(seen.things.ravel(), (seen.cover * self._watched).ravel(), 2)[1:].max())
        large = seen.ready and area >= self._least
        moving, since_us = self._sure.after(seen=large, at_us=luma.at_us)
        return Verdict(
            moving=moving,
            area_pct=100 * area / self._total if self._total else 0.0,
            why=self._because(seen, area, large=large, moving=moving),
            since_us=since_us,
            blocks=seen.cover > 0,
        )

    def _begin(self, width: int, height: int) -> None:
        self._size = width, height
        self._method = _method(self._name, width, height, self._sensitivity)
        rows, columns = self._method.shape
        if min(rows, columns) < SMALLEST:
            raise ValueError(f"pictures of {width} × {height} are too small to look for motion; 320 × 180 will do")
        self._watched = watched(rows=rows, columns=columns, zones=self._zones, masks=self._masks)
        self._total = float(self._watched.sum())
        least = max(self._minimum_area_pct / 100 * self._total, min(LEAST_BLOCKS, self._total / 2))
        self._least = least or math.inf
        self._sure = Sure()

    def _because(self, seen: Seen, area: float, *, large: bool, moving: bool) -> Because:
        if not seen.ready:
            return Because.LEARNING
        if large:
            return Because.MOVES if moving else Because.BRIEF
        if seen.light:
            return Because.LIGHT
        return Because.SMALL if area else Because.STILL


class Sure:
    """
    Motion begins with the k-th picture out of k + 2 that shows some, and ends when none did for a while.

    k is such that the pictures span more than `SURE_US`: three at 5 a second,
    two at one every few seconds.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, bool]] = deque(maxlen=1)
        self._gap_us = 0.0
        self._since_us: int | None = None
        self._last_us = 0

    def after(self, *, seen: bool, at_us: int) -> tuple[bool, int | None]:
        """Return whether it is motion, after one more picture, and since when."""
        if self._recent:
            gap_us = at_us - self._recent[-1][0]
            self._gap_us += (gap_us - self._gap_us) * (0.2 if self._gap_us else 1.0)
        needed = min(8, max(2, math.ceil(SURE_US / max(self._gap_us, 1)) + 1))
        if self._recent.maxlen != needed + 2:
            self._recent = deque(self._recent, needed + 2)
        self._recent.append((at_us, seen))
        if seen:
            self._last_us = at_us
            moved_us = [when for when, what in self._recent if what]
            if self._since_us is None and len(moved_us) >= needed:
                self._since_us = moved_us[0]
        elif self._since_us is not None and at_us - self._last_us >= max(HOLD_US, 2.5 * self._gap_us):
            self._since_us = None
        return self._since_us is not None, self._since_us


def _method(name: str, width: int, height: int, sensitivity: float) -> Method:
    if name == "blocks":
        return BlockSums(width=width, height=height, sensitivity=sensitivity)
    if name == "mog2":
        from vigil.frames.mog2 import Mog2

        return Mog2(width=width, height=height, sensitivity=sensitivity)
    raise ValueError(f"there is no method {name!r} to find motion; choose blocks or mog2")
