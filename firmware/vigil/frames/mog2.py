"""Finding motion with OpenCV's MOG2, for cameras whose owner chose it. The only door to cv2; import it only then."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vigil.frames.motion_shapes import Seen, joined_up, label

VARIANCES = 16.0
"""OpenCV's own default: a pixel is foreground when it is 4 standard deviations from all it has been."""

BLOCK = 8


class Mog2:
    """
    A mixture of Gaussians for each pixel (Z. Zivkovic, "Improved adaptive Gaussian mixture model", 2004).

    A block belongs to a thing when a quarter of its pixels are foreground.
    Shadows are not told apart: what is darker than before would be taken for
    one, people in dark clothes included.
    """

    def __init__(self, *, width: int, height: int, sensitivity: float = 50.0) -> None:
        self.shape = height // BLOCK, width // BLOCK
        variances = VARIANCES * 2 ** ((50.0 - sensitivity) / 25.0)
        self._model = cv2.createBackgroundSubtractorMOG2(varThreshold=variances, detectShadows=False)
        self._looks = 0
        self._first_us = 0

    def look(self, picture: NDArray[np.uint8], at_us: int) -> Seen:
        """Return what is foreground in a picture (height × width grey bytes), and learn from it."""
        self._first_us = self._first_us if self._looks else at_us
        self._looks += 1
        rows, columns = self.shape
        foreground = self._model.apply(picture)[: rows * BLOCK, : columns * BLOCK]
        strips = foreground.reshape(rows, BLOCK, -1).sum(axis=1, dtype=np.uint16)
        cover = strips.reshape(rows, columns, BLOCK).sum(axis=2, dtype=np.uint16) / np.float32(255 * BLOCK**2)
        changed = cover >= 0.25
        things, _ = label(joined_up(changed))
        things[~changed] = 0
        ready = self._looks >= 5 and at_us - self._first_us >= 1_500_000
        return Seen(things, np.where(changed, cover, np.float32(0)), ready=ready)
