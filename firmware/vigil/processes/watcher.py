"""Looking at one camera's grey pictures: does something move, and does the camera still see?"""

from __future__ import annotations

import logging

from vigil.cameras.frozen import Watch
from vigil.clock import Clock, wall_at
from vigil.config.model import Camera
from vigil.frames.motion import Motion
from vigil.frames.packet import Luma

log = logging.getLogger(__name__)

PLAIN = 2.0
"""A thing of so many times the smallest that counts moves plainly,"""

REST_US = 300_000
"""and then nobody looks again for so long: at five pictures a second, at every other one."""


class PictureWatcher:
    """
    Motion and sight of one camera. Imports numpy, so it is made only where motion is looked for.

    Looking at a picture full of people costs three times as much as at an empty
    one, and while they plainly move it tells nothing new (docs/design/motion.md
    has what that does to recall).
    """

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self._camera = camera
        self._clock = clock
        self._motion: Motion | None = None
        self._sight = Watch()
        self._since_us: int | None = None
        self._rest_until_us = 0
        self._instead = ""
        self.area_pm = 0

    @property
    def picture_check(self) -> str:
        """Whether the picture lives, and whether motion is looked for in another way than was asked."""
        alive = self._sight.sight.value
        return self._instead if self._instead and alive == "ok" else alive

    def begin_anew(self) -> None:
        """The camera was opened again: what was the background may not be it any more."""
        self._motion = None
        self._rest_until_us = 0

    def look(self, luma: Luma) -> int | None:
        """Take one picture; return since when (steady clock) something moves, None where nothing does."""
        self._sight.look(luma, wall_us=wall_at(self._clock, luma.at_us))
        if luma.at_us < self._rest_until_us:
            return self._since_us
        if self._motion is None:
            self._motion = self._begin(luma)
        verdict = self._motion.look(luma)
        self.area_pm = min(1000, round(verdict.area_pct * 10))
        self._since_us = verdict.since_us if verdict.moving else None
        plain = verdict.area_pct >= PLAIN * self._camera.motion.minimum_area_pct
        self._rest_until_us = luma.at_us + REST_US if verdict.moving and plain else 0
        return self._since_us

    def _begin(self, luma: Luma) -> Motion:
        # A booting recorder takes "off" for a camera that waits for motion as the mistake that it is.
        method = "blocks" if self._camera.motion.method == "off" or self._instead else self._camera.motion.method
        try:
            return self._motion_by(method, luma)
        except ImportError as error:
            # The image has no OpenCV; a camera that was to be looked at is looked at all the same.
            self._instead = f"motion is found by blocks, for {method} is not installed here: {error}"
            log.error('%s; set camera.motion.method to "blocks"', self._instead, extra={"camera": self._camera.id})
            return self._motion_by("blocks", luma)

    def _motion_by(self, method: str, luma: Luma) -> Motion:
        wanted = self._camera.motion
        return Motion(
            width=luma.width,
            height=luma.height,
            method=method,
            sensitivity=wanted.sensitivity,
            minimum_area_pct=wanted.minimum_area_pct,
            zones=wanted.zones,
            masks=wanted.masks,
        )
