"""Where motion counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigil.frames.motion_zones import Point, watched

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
POINTS = st.tuples(st.floats(0, 1), st.floats(0, 1))
POLYGONS = st.lists(POINTS, min_size=3, max_size=8)


def test_without_zones_all_is_watched() -> None:
    assert watched(rows=3, columns=5).tolist() == [[1.0] * 5] * 3


def test_a_zone_is_watched_and_nothing_else() -> None:
    assert watched(rows=1, columns=4, zones=[LEFT]).tolist() == [[1, 1, 0, 0]]


def test_a_mask_is_never_watched_zones_or_not() -> None:
    assert watched(rows=1, columns=4, masks=[LEFT]).tolist() == [[0, 0, 1, 1]]
    assert watched(rows=1, columns=4, zones=[LEFT], masks=[LEFT]).tolist() == [[0, 0, 0, 0]]


def test_a_block_counts_for_the_share_that_lies_inside() -> None:
    assert watched(rows=1, columns=2, zones=[LEFT], masks=[[(0, 0), (0.25, 0), (0.25, 1), (0, 1)]]).tolist() == [
        [0.5, 0]
    ]


def test_a_zone_thinner_than_a_block_is_not_lost() -> None:
    thin = [(0.0, 0.4), (1.0, 0.4), (1.0, 0.55), (0.0, 0.55)]
    assert watched(rows=2, columns=2, zones=[thin]).sum() == pytest.approx(0.5)


def test_where_the_edges_of_a_polygon_cross_even_odd_decides() -> None:
    bow = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]
    shares = watched(rows=40, columns=40, zones=[bow])
    assert (shares[20, 3], shares[20, 36]) == (1, 1)
    assert (shares[3, 20], shares[36, 20]) == (0, 0)


@given(POLYGONS, st.integers(0, 7))
@example([(0.0, 0.0), (0.0, 0.0), (1.0, 5e-324)], 0)
def test_neither_the_corner_one_begins_with_nor_the_direction_matters(polygon: list[Point], first: int) -> None:
    first %= len(polygon)
    turned = (polygon[first:] + polygon[:first])[::-1]
    assert np.array_equal(watched(rows=9, columns=16, zones=[polygon]), watched(rows=9, columns=16, zones=[turned]))


@given(POLYGONS)
def test_a_polygon_as_zone_and_as_mask_share_out_the_picture(polygon: list[Point]) -> None:
    both = watched(rows=9, columns=16, zones=[polygon]) + watched(rows=9, columns=16, masks=[polygon])
    assert np.allclose(both, 1)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_watched_area_is_the_polygons_area(left: float, right: float, top: float, bottom: float) -> None:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    share = watched(rows=45, columns=80, zones=[corners]).mean()
    assert share == pytest.approx(abs(right - left) * abs(bottom - top), abs=0.012)
