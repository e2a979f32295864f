"""What to ask of a ribbon-cable camera and of this board's encoder. Pure: decided here, done in `picamera2`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigil.cameras.source import Wishes
from vigil.errors import CameraLost
from vigil.frames.packet import TICKS_PER_S

ENCODER_NAME_FILE = Path("/sys/class/video4linux/video11/name")
"""Where the kernel says what /dev/video11 is, the one device that picamera2 looks for its hardware encoder at."""

HARDWARE_NAME = "bcm2835-codec-encode"
HARDWARE_WIDTH, HARDWARE_HEIGHT = 1920, 1088
"""The VideoCore encoder of Pi 1 to 4 and Zero 2 is made for 1080p, in macroblocks of 16."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is asked of camera and encoder.

    `size` and `luma_size` are width and height in pixels; without a
    `luma_size` the camera makes no second stream. `frame_us` is the time from
    picture to picture, `key_frames` how many pictures go from key to key.
    """

    size: tuple[int, int]
    luma_size: tuple[int, int] | None
    frame_us: int
    key_frames: int
    bit_rate: int
    hardware: bool


def plan(*, width: int, height: int, fps: int, bit_rate_kbps: int, wishes: Wishes, encoder_name: str) -> Plan:
    """Return what to ask; `encoder_name` is what the kernel calls /dev/video11, empty where there is none."""
    return Plan(
        size=(width, height),
        luma_size=luma_size(width, height, wishes.luma_width) if wishes.luma else None,
        frame_us=round(1_000_000 / fps),
        key_frames=max(1, int(wishes.keyframe_distance_s * fps)),
        bit_rate=bit_rate_kbps * 1000,
        hardware=hardware_encodes(encoder_name, width, height),
    )


def hardware_encodes(encoder_name: str, width: int, height: int) -> bool:
    """Say whether the board's own H.264 encoder takes pictures of this size; a Pi 5 has none."""
    return encoder_name == HARDWARE_NAME and width <= HARDWARE_WIDTH and height <= HARDWARE_HEIGHT


def luma_size(width: int, height: int, luma_width: int) -> tuple[int, int]:
    """Return the size of the grey pictures: at most `luma_width` wide, same shape, sides in whole blocks of 8."""
    small = max(8, min(width, luma_width) // 8 * 8)
    return small, max(8, min(height, round(height * small / width)) // 8 * 8)


def place_of(camera: int | str, found: Sequence[Mapping[str, object]]) -> int:
    """
    Return where a camera stands in picamera2's list, by its place or its libcamera name (`Id`).

    The list is sorted backwards, as `rpicam-hello --list-cameras` does, so the
    place of a camera changes when another is plugged in; its name does not.
    Raises `CameraLost` when it is not there.
    """
    names = [str(info.get("Id", "")) for info in found]
    if isinstance(camera, int) and 0 <= camera < len(names):
        return camera
    if camera in names:
        return names.index(str(camera))
    there = ", ".join(f"{place}: {name}" for place, name in enumerate(names)) or "none"
    raise CameraLost(f"camera {camera} is not connected; libcamera finds {there}. Check the ribbon cable")


class KeyDistance:
    """
    Watches that keys come as often as was wished, whatever the pace of the pictures.

    An encoder counts pictures, not time: a camera that gives fewer than asked
    (some do in the dark) would stretch the distance.
    """

    def __init__(self, distance_s: float) -> None:
        self._distance = round(distance_s * TICKS_PER_S)
        self._key = 0
        self._last = 0

    def overdue(self, pts: int, *, key: bool) -> bool:
        """Note a picture; say whether a key must be asked for, lest the picture after it comes too late without."""
        gap, self._last = pts - self._last, pts
        if key:
            self._key = pts
            return False
        # Half a picture of grace, so that jitter does not add a key to each that comes in time by itself.
        return pts + gap - self._key > self._distance + gap // 2


class Pace:
    """Lets pictures through at no more than `per_s`, by times in microseconds."""

    def __init__(self, per_s: float) -> None:
        self._interval_us = round(1_000_000 / per_s)
        self._next_us = 0

    def due(self, at_us: int) -> bool:
        """Say whether the picture of this moment is wanted."""
        if at_us < self._next_us:
            return False
        # Steps of the interval rather than from now on, lest 5 a second of 12 become 4; after a pause, from now on.
        behind = at_us - self._next_us >= self._interval_us
        self._next_us = (at_us if behind else self._next_us) + self._interval_us
        return True
