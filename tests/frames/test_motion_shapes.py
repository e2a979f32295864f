"""Which blocks belong together."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vigil.frames.motion_shapes import Blocks, joined_up, label

GRIDS = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(GRIDS)
def test_things_are_those_that_opencv_finds(blocks: Blocks) -> None:
    labels, count = label(blocks)
    theirs, labels_of_theirs = cv2.connectedComponents(blocks.astype(np.uint8), connectivity=8)
    assert count == theirs - 1
    assert not labels[~blocks].any()
    assert len(set(zip(labels[blocks].tolist(), labels_of_theirs[blocks].tolist(), strict=True))) == count


def test_a_snake_that_meets_itself_late_is_one_thing() -> None:
    snake = ["#.#.#", "#.#.#", "###.#", "#...#", "#####"]
    labels, count = label(np.array([[c == "#" for c in line] for line in snake]))
    assert count == 1
    assert set(labels.ravel().tolist()) == {0, 1}


def test_the_end_of_a_row_does_not_touch_the_start_of_the_next() -> None:
    assert label(np.array([[False, False, True], [True, False, False]]))[1] == 2


@given(GRIDS)
def test_blocks_above_each_other_with_one_missing_are_joined(blocks: Blocks) -> None:
    grown = joined_up(blocks)
    for (row, column), set_ in np.ndenumerate(blocks):
        around = blocks[max(0, row - 1) : row + 2, column]
        assert grown[row, column] == around.any()
        assert grown[row, column] or not set_
