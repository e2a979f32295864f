"""From changed blocks to things: which blocks belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Blocks = NDArray[np.bool_]
Labels = NDArray[np.int32]
Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a method saw in one picture, block by block.

    `things` has the same number in all blocks of one moving thing, 0 elsewhere;
    `cover` which share of the block it covers, 0 to 1. `light` says that the
    light changed; `ready` that the method knows its background.
    """

    things: Labels
    cover: Levels
    light: bool = False
    ready: bool = True


def label(blocks: Blocks) -> tuple[Labels, int]:
    """
    Number the things that the set blocks form and return how many there are.

    Blocks that touch, also by a corner, are one thing. Runs along the rows are
    found with numpy and joined by union-find over rows, as in A. Rosenfeld,
    J. Pfaltz, "Sequential operations in digital picture processing" (1966).
    """
    rows, columns = blocks.shape
    wide = columns + 1
    # One empty column behind each row, so that no run reaches into the next row.
    padded = np.zeros(rows * wide + 1, np.int8)
    padded[1:].reshape(rows, wide)[:, :columns] = blocks
    turns = np.flatnonzero(np.diff(padded))
    starts, ends = turns[::2].tolist(), turns[1::2].tolist()
    parent = _joined(starts, ends, wide)
    numbers: dict[int, int] = {}
    of_run = [numbers.setdefault(root, len(numbers) + 1) for root in parent]
    steps = np.zeros(rows * wide, np.int32)
    steps[starts] = of_run
    steps[ends] = [-number for number in of_run]
    return np.cumsum(steps, dtype=np.int32).reshape(rows, wide)[:, :columns], len(numbers)


def _joined(starts: list[int], ends: list[int], wide: int) -> list[int]:
    """Return for each run the first run of the thing it belongs to."""
    parent = list(range(len(starts)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0
    for run, (start, end) in enumerate(zip(starts, ends, strict=True)):
        # A run touches another in the row above where they overlap or meet by a corner.
        while ends[above] + wide < start:
            above += 1
        other = above
        while other < run and starts[other] + wide <= end:
            if other == above:
                parent[run] = root(other)
            else:
                a, b = root(other), root(run)
                parent[max(a, b)] = min(a, b)
            other += 1
    # Parents stand before their children, so one step up reaches the first.
    for run, up in enumerate(parent):
        parent[run] = parent[up]
    return parent


def joined_up(blocks: Blocks) -> Blocks:
    """Return the blocks and those right above and below them: a person's coat may look like the wall behind it."""
    out = blocks.copy()
    out[1:] |= blocks[:-1]
    out[:-1] |= blocks[1:]
    return out
