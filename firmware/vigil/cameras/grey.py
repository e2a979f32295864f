"""What a small grey picture is made of: its size, and where in a decoded picture its brightness lies."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BRIGHTNESS_FIRST = re.compile(r"(?:yuvj?4\d\dp|nv12|nv21|nv16|nv24|gray)((?:9|1[0246])(?:le|be))?")


@dataclass(frozen=True, slots=True)
class Grey:
    """
    A decoded picture as it will be looked at.

    `pixels` has ``height * width`` bytes, row after row, 0 black to 255 white;
    `key` says that it was decoded from a keyframe alone.
    """

    pixels: bytes | bytearray
    width: int
    height: int
    key: bool


def grey_size(width: int, height: int, *, at_most: int) -> tuple[int, int]:
    """Return width and height of the grey picture of a larger one: at most so wide, sides in whole blocks of 8."""
    small = max(8, min(width, at_most) // 8 * 8)
    return small, max(8, round(height * small / width) // 8 * 8)


def brightness_format(name: str) -> str:
    """
    Return as which format of FFmpeg's the first plane of a picture can be read alone, "" where it cannot.

    So it can in all formats that keep brightness and colour apart: ``gray`` is
    one byte a pixel, ``gray10le`` two.
    """
    found = _BRIGHTNESS_FIRST.fullmatch(name)
    return "gray" + (found[1] or "") if found else ""
