"""
Finding motion in block sums: brightness of 8 × 8 blocks against a learned background.

Brightness is compared as its logarithm, so that light that becomes stronger
by a factor adds the same amount everywhere and can be taken away again. What
is left is a thing, unless it is flat inside like the light of a lamp that
reaches only a part of the picture. docs/design/motion.md has the reasons and
the figures.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vigil.frames.motion_shapes import Blocks, Labels, Levels, Seen, joined_up, label

Picture = NDArray[np.uint8]
T = TypeVar("T", bound=np.generic)

DARK = 4.0
"""Added to brightness before the logarithm: below it the camera's noise is larger than any difference."""

FAINTEST = 0.035
"""The least change (3.5 %) that counts at the default sensitivity."""

NOISES = 3.2
"""A block must change by so many times its own flicker (root mean square: rare bursts count more than small noise)."""

EDGE = 0.25
"""A block beside an edge changes by so much of the edge when the camera trembles or focuses."""

WEAK = 0.7
"""What changes by this part of the threshold belongs to a thing whose other blocks pass it."""

LARGE = 0.006
"""Light falls on at least this part of the picture."""

LAG_US = 400_000
"""A thing moves if it was not where it is so long ago."""

MEMORY_US = 10_000_000
"""The background follows slow change with this time constant (or 15 pictures)."""


class BlockSums:
    """The background of one camera, and what differs from it (see `look`)."""

    def __init__(self, *, width: int, height: int, sensitivity: float = 50.0) -> None:
        self.size = 4 if width < 480 else 8 if width < 960 else 16
        self.shape = height // self.size, width // self.size
        factor = 2 ** ((50.0 - sensitivity) / 25.0)
        self._faintest = np.float32(FAINTEST * factor)
        self._noises = np.float32(NOISES * factor**0.5)
        self._earlier: deque[tuple[int, Levels]] = deque()
        self._looks = 0
        self._first_us = 0

    def look(self, picture: Picture, at_us: int) -> Seen:
        """Return what moves in a picture (height × width grey bytes) taken at `at_us`, and learn from it."""
        levels = self._levels(picture)
        if not self._looks:
            self._begin(levels, at_us)
        self._looks += 1
        gap_us = at_us - self._earlier[-1][0]
        while len(self._earlier) > 1 and at_us - self._earlier[1][0] >= LAG_US:
            self._earlier.popleft()
        if self._looks % 10 == 1:
            self._study()
        # Few pictures tell the flicker badly.
        noises = self._noises * np.float32(1 + 3 / self._looks)
        threshold = np.maximum(self._faintest, noises * np.sqrt(self._flicker)) + self._edge
        size = _unlit(levels - self._background)
        strong = size > threshold
        light = self._all_lit(levels - self._earlier[-1][1], threshold)
        things, cover = np.zeros(self.shape, np.int32), np.zeros(self.shape, np.float32)
        if light is None and np.count_nonzero(strong) >= 2:
            fresh = _unlit(levels - self._earlier[0][1]) > 0.5 * threshold
            things, cover, light = self._things(levels, size, threshold, fresh)
        self._learn(levels, np.minimum(size, 4 * threshold), strong=strong, light=light, gap_us=gap_us)
        self._earlier.append((at_us, levels))
        ready = self._looks >= 5 and at_us - self._first_us >= 1_500_000
        return Seen(things, cover, light=light is not None, ready=ready)

    def _levels(self, picture: Picture) -> Levels:
        rows, columns = self.shape
        strips = picture[: rows * self.size, : columns * self.size].reshape(rows, self.size, -1)
        # 16 × 16 × 255 just fits 16 bits. Whole lines are added, then neighbours, then pairs of neighbours: numpy's own
        # sum over axes as short as these takes two to three times as long.
        sums = strips[:, 0].astype(np.uint16)
        for line in range(1, self.size):
            sums += strips[:, line]
        while sums.shape[1] > columns:
            sums = sums[:, ::2] + sums[:, 1::2]
        levels: Levels = np.log(sums * np.float32(1 / self.size**2) + np.float32(DARK))
        return levels

    def _begin(self, levels: Levels, at_us: int) -> None:
        self._background = levels.copy()
        self._flicker = np.zeros(self.shape, np.float32)
        self._earlier.append((at_us, levels))
        self._first_us = at_us

    def _study(self) -> None:
        """Note where the background has edges."""
        edge = np.zeros(self.shape, np.float32)
        across, down = np.abs(np.diff(self._background, axis=1)), np.abs(np.diff(self._background, axis=0))
        for part, difference in (
            (edge[:, 1:], across), (edge[:, :-1], across), (edge[1:], down), (edge[:-1], down),
        ):  # fmt: skip
            np.maximum(part, difference, out=part)
        self._edge = edge * np.float32(EDGE)

    def _things(
        self, levels: Levels, size: Levels, threshold: Levels, fresh: Blocks
    ) -> tuple[Labels, Levels, Blocks | None]:
        weak = size > WEAK * threshold
        labels, count = label(joined_up(weak))
        labels[~weak] = 0
        # From here on the weak blocks alone are looked at: in most pictures they are few.
        places = np.flatnonzero(weak)
        numbers, sizes, bars = labels.ravel()[places], size.ravel()[places], threshold.ravel()[places]
        blocks = np.bincount(numbers, minlength=count + 1)
        strong = np.bincount(numbers[sizes > bars], minlength=count + 1)
        moved = np.bincount(numbers[fresh.ravel()[places]], minlength=count + 1)
        # Noise makes long chains of weak blocks: two in five must be strong.
        likely = (blocks >= 3) & (strong >= np.maximum(2, 0.4 * blocks))
        likely[0] = False
        cover, light = np.zeros(self.shape, np.float32), None
        for number in np.flatnonzero(likely):
            at_once = moved[number] > 0.9 * blocks[number]
            mine = numbers == number
            if blocks[number] >= LARGE * size.size and self._is_light(
                levels - self._background, thing := labels == number, threshold, at_once=at_once
            ):
                light = thing if light is None else light | thing
            elif moved[number] >= max(2.0, 0.15 * blocks[number]):
                # Blocks that a thing only touches change less than those it fills.
                depths = np.sort(sizes[mine])
                share = sizes[mine] / (0.35 * depths[len(depths) * 3 // 4])
                cover.ravel()[places[mine]] = np.minimum(1, share)
        return labels, cover, light

    def _all_lit(self, change: Levels, threshold: Levels) -> Blocks | None:
        """Return all blocks if the whole picture became brighter or darker since the one before, by much."""
        if abs(_middle(change[::2, ::2])) < 3 * self._faintest:
            return None
        all_ = np.ones(self.shape, bool)
        return all_ if self._is_light(change, all_, threshold, at_once=True) else None

    def _is_light(self, change: Levels, region: Blocks, threshold: Levels, *, at_once: bool) -> bool:
        """
        Say whether a region only became brighter or darker.

        Then what was beside each other still differs by the same factor: the
        change is flat inside. A thing may be flat too, so the region must also
        be large (`LARGE`: the caller looks) and either have changed all at once or have a soft outline.
        """
        share = float(np.count_nonzero(region)) / region.size
        outside = _middle(change[~region]) if share < 1 else 0.0
        depth = _middle(np.abs(change[region] - outside))
        if share < 0.07 and depth < 4 * _middle(threshold[region]):
            return False
        flat = inner = 0
        outline = []
        for axis in (0, 1):
            this, following = _pairs(region, axis, 1)
            even = np.abs(np.diff(change, axis=axis)) < np.maximum(_pairs(threshold, axis, 1)[1], 0.25 * depth)
            flat += int(np.count_nonzero(even & this & following))
            inner += int(np.count_nonzero(this & following))
            near, far = _pairs(change, axis, 2)
            this, following = _pairs(region, axis, 2)
            outline.append(np.abs(far - near)[this ^ following])
        if flat <= 0.8 * inner:
            return False
        steps = np.concatenate(outline)
        return at_once or not steps.size or _middle(steps) < 0.4 * depth

    def _learn(self, levels: Levels, size: Levels, *, strong: Blocks, light: Blocks | None, gap_us: int) -> None:
        pace = max(min(gap_us / MEMORY_US, 1 / 15), 1 / self._looks)
        if self._looks <= 40:
            follow, calm = np.full(self.shape, pace, np.float32), np.full(self.shape, pace, np.float32)
        else:
            # What moves is learned slowly, and so becomes background when it stays.
            follow = np.where(strong, 0.25 * pace, pace).astype(np.float32)
            calm = np.where(strong, 0.1 * pace, 0.5 * pace).astype(np.float32)
        if light is not None:
            follow[light] = 1.0
        self._background += follow * (levels - self._background)
        self._flicker += calm * (size * size - self._flicker)


def _unlit(change: Levels) -> Levels:
    """Return the size of a change of levels without what the whole picture has in common: its light."""
    size: Levels = np.abs(change - np.float32(_middle(change[::2, ::2])))
    return size


def _middle(values: Levels) -> float:
    """Return the median, or the larger of the two in the middle; a quarter of the time of numpy's."""
    flat, half = values.flatten(), values.size // 2
    flat.partition(half)
    return float(flat[half])


def _pairs(values: NDArray[T], axis: int, apart: int) -> tuple[NDArray[T], NDArray[T]]:
    return (values[:-apart], values[apart:]) if axis == 0 else (values[:, :-apart], values[:, apart:])
