"""Where motion counts: the owner's zones and masks, drawn on the picture, as a weight for each block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Polygon = Sequence[Point]

SAMPLES = 4
"""A block is judged at 4 × 4 points, so that a zone thinner than a block still counts for its share."""


def watched(
    *, rows: int, columns: int, zones: Sequence[Polygon] = (), masks: Sequence[Polygon] = ()
) -> NDArray[np.float32]:
    """
    Return for each of `rows` × `columns` blocks which share of it is watched, 0 to 1.

    Polygons are corners in parts of the picture, (0, 0) top left and (1, 1)
    bottom right; an edge may cross another (even-odd rule). Without zones all
    is watched; masks are never watched, zones or not.
    """
    y, x = np.mgrid[0 : rows * SAMPLES, 0 : columns * SAMPLES]
    x, y = (x + 0.5) / (columns * SAMPLES), (y + 0.5) / (rows * SAMPLES)
    inside = np.full(x.shape, not zones)
    for zone in zones:
        inside |= _within(zone, x, y)
    for mask in masks:
        inside &= ~_within(mask, x, y)
    shares = inside.reshape(rows, SAMPLES, columns, SAMPLES).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(shares, np.float32)


def _within(polygon: Polygon, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie in a polygon: those from which a ray crosses its edges an odd number of times."""
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        crossed = (ay > y) != (by > y)
        if crossed.any():
            # Only where it is crossed: an edge that is all but level is infinitely far away elsewhere.
            level = y[crossed]
            inside[crossed] ^= x[crossed] < ax + (level - ay) * (bx - ax) / (by - ay)
    return inside
