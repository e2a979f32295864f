"""Whether a camera still sees: a hung one repeats its picture for ever, and a covered one shows nothing. Pure."""

from __future__ import annotations

from enum import Enum

from vigil.digest import sha256
from vigil.frames.packet import Luma

FROZEN_LOOKS = 5
FROZEN_US = 8_000_000
"""Five keyframes alike, over eight seconds: the noise of any real sensor makes two pictures differ."""

BLACK_SHADE = 40
"""Darker than this is black: 16 is in the video range, and lens, noise and compression lift it a little."""

BLACK_SHARE = 0.99

HOUR_US = 3_600_000_000
REMEMBERED_HOURS = 7 * 24
"""What was seen at this hour longer ago says nothing: days grow shorter, and people rearrange their lamps."""


class Sight(Enum):
    """What the pictures say about the camera; the value is the word on the health line."""

    NOT_CHECKED = "not checked"  # no grey pictures, or too few yet
    SEES = "ok"
    FROZEN = "frozen"
    BLACK = "black"


class Watch:
    """
    Looks at the grey pictures of one camera, of which only those of keyframes count.

    *Frozen*: `FROZEN_LOOKS` bit-identical pictures over at least `FROZEN_US`.

    *Black*: nearly all is dark, though at this hour of the day there is light.
    That is known when the camera, the last time it watched this hour and the
    hours beside it (on an earlier day of the last week), never saw black: dusk
    comes at an hour that was black before, or next to one. On its first day a
    camera can thus not be found black. Once found, it stays so until there is
    light again: black does not become usual by lasting.

    Sources whose grey pictures were never encoded mark all of them as keys.
    """

    def __init__(self) -> None:
        self._digest = b""
        self._alike = 0
        self._alike_since_us = 0
        self._hours: dict[int, bool] = {}
        self._last = Sight.NOT_CHECKED

    @property
    def sight(self) -> Sight:
        """The newest finding."""
        return self._last

    def look(self, luma: Luma, *, wall_us: int) -> Sight:
        """Take a picture and the time of day it shows; return what is to be thought of the camera now."""
        if not luma.key:
            return self._last
        if is_black(luma.grey):
            # A dark picture may well repeat itself bit by bit; what matters is whether it should be dark.
            self._alike = 0
            if self._last is not Sight.BLACK:
                self._last = Sight.BLACK if self._note(wall_us // HOUR_US, black=True) else Sight.SEES
        else:
            self._note(wall_us // HOUR_US, black=False)
            self._last = Sight.FROZEN if self._repeats(luma) else Sight.SEES
        return self._last

    def _repeats(self, luma: Luma) -> bool:
        digest = sha256(luma.grey)
        if digest != self._digest or not self._alike:
            self._digest, self._alike, self._alike_since_us = digest, 0, luma.at_us
        self._alike += 1
        return self._alike >= FROZEN_LOOKS and luma.at_us - self._alike_since_us >= FROZEN_US

    def _note(self, hour: int, *, black: bool) -> bool:
        """Remember what this hour shows; say whether the same hour was light, and both beside it."""
        for old in [known for known in self._hours if not hour - REMEMBERED_HOURS <= known <= hour]:
            del self._hours[old]
        light = self._was_light(hour)
        self._hours[hour] = self._hours.get(hour, False) or (black and not light)
        return light

    def _was_light(self, hour: int) -> bool:
        for days in range(1, REMEMBERED_HOURS // 24 + 1):
            then = hour - 24 * days
            if then in self._hours:
                return not any(self._hours.get(beside, True) for beside in (then - 1, then, then + 1))
        return False


def is_black(grey: bytes) -> bool:
    """Say whether nearly all of a picture is black; a sample of a thousand pixels decides."""
    # An odd step, so that the sample does not walk down one column.
    sample = bytes(grey[:: max(1, len(grey) // 1000) | 1])
    dark = len(sample.translate(None, bytes(range(BLACK_SHADE, 256))))
    return dark >= BLACK_SHARE * len(sample) > 0
