"""
What a video device can do, asked of the kernel itself (V4L2), and which of it is best for recording.

The structures and numbers are those of `linux/videodev2.h`. Asking is one
small function; reading the answers and deciding are pure.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vigil.errors import CameraLost

CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
CAN_CAPTURE, HAS_DEVICE_CAPS = 0x1, 0x8000_0000
DISCRETE = 1

# Request numbers: direction, size, 'V', number (asm-generic/ioctl.h).
QUERY_CAPABILITIES = 0x8068_5600
ENUMERATE_FORMATS = 0xC040_5602
ENUMERATE_SIZES = 0xC02C_564A
ENUMERATE_INTERVALS = 0xC034_564B

PIXEL_FORMATS = {"H264": "h264", "YUYV": "yuyv422", "NV12": "nv12", "UYVY": "uyvy422", "MJPG": "mjpeg", "JPEG": "mjpeg"}
"""The kernel's names (four characters) of what we can use, and FFmpeg's, the cheapest to record first."""

_ORDER = ("h264", "yuyv422", "nv12", "uyvy422", "mjpeg")

Ask = Callable[[int, bytes], bytes | None]
"""Sends a request with its structure and returns the answer, or None when the kernel knows no (further) one."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way the device can send pictures: format (FFmpeg's name), size, and the highest rate it promises there."""

    pixel_format: str
    width: int
    height: int
    fps: float

    @property
    def encoded(self) -> bool:
        """Whether the camera encodes by itself."""
        return self.pixel_format == "h264"


def ask_device(fd: int) -> Ask:
    """Return the way to ask an open device."""

    def ask(request: int, structure: bytes) -> bytes | None:
        answer = bytearray(structure)
        try:
            fcntl.ioctl(fd, request, answer)
        except OSError as error:
            # EINVAL ends an enumeration; ENOTTY and ENODATA are how drivers say that they have none.
            if error.errno in {errno.EINVAL, errno.ENOTTY, errno.ENODATA}:
                return None
            raise
        return bytes(answer)

    return ask


def modes_of(device: str) -> list[Mode]:
    """Return what a device offers. Raises `CameraLost` when it is not there or no camera."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CameraLost(f"{device} cannot be opened: {error.strerror}") from error
    try:
        ask = ask_device(fd)
        if not captures(ask):
            raise CameraLost(f"{device} is no camera")
        return list(modes(ask))
    except OSError as error:
        raise CameraLost(f"{device} does not say what it can do: {error.strerror}") from error
    finally:
        os.close(fd)


def captures(ask: Ask) -> bool:
    """Say whether the device is a camera; a USB camera has a second device for its metadata, which is none."""
    answer = ask(QUERY_CAPABILITIES, bytes(104))
    if answer is None:
        return False
    capabilities, device_caps = struct.unpack_from("<II", answer, 84)
    return bool((device_caps if capabilities & HAS_DEVICE_CAPS else capabilities) & CAN_CAPTURE)


def modes(ask: Ask) -> Iterator[Mode]:
    """Yield every mode in a format that we can use."""
    for answer in _enumerated(ask, ENUMERATE_FORMATS, lambda index: struct.pack("<II56x", index, CAPTURE)):
        code: bytes = answer[44:48]
        name = PIXEL_FORMATS.get(code.decode("latin-1"))
        if name is not None:
            for width, height in _sizes(ask, code):
                yield Mode(name, width, height, _fastest(ask, code, width, height))


def _sizes(ask: Ask, code: bytes) -> Iterator[tuple[int, int]]:
    for answer in _enumerated(ask, ENUMERATE_SIZES, lambda index: struct.pack("<I4s36x", index, code)):
        kind, *numbers = struct.unpack_from("<I6I", answer, 8)
        if kind == DISCRETE:
            yield numbers[0], numbers[1]
            continue
        yield from _common_sizes(numbers)
        return


def _common_sizes(stepwise: list[int]) -> Iterator[tuple[int, int]]:
    """Devices that scale offer a range: take the sizes people ask for, and the largest."""
    least_w, most_w, step_w, least_h, most_h, step_h = stepwise
    common = [(1920, 1080), (1280, 720), (640, 480), (640, 360), (most_w, most_h)]
    for width, height in dict.fromkeys(common):
        fits = least_w <= width <= most_w and least_h <= height <= most_h
        if fits and (width - least_w) % max(1, step_w) == 0 and (height - least_h) % max(1, step_h) == 0:
            yield width, height


def _fastest(ask: Ask, code: bytes, width: int, height: int) -> float:
    """Return the most pictures a second at a size; 30 where the device does not say."""
    rates = []
    structure = lambda index: struct.pack("<I4sII36x", index, code, width, height)  # noqa: E731
    for answer in _enumerated(ask, ENUMERATE_INTERVALS, structure):
        # The first fraction is the interval itself, or the shortest of a range.
        numerator, denominator = struct.unpack_from("<II", answer, 20)
        if numerator:
            rates.append(denominator / numerator)
    return max(rates, default=30.0)


def _enumerated(ask: Ask, request: int, structure: Callable[[int], bytes]) -> Iterator[bytes]:
    # No device has that many; one that never says "no more" must not hold the recorder up.
    for index in range(256):
        answer = ask(request, structure(index))
        if answer is None:
            return
        yield answer


def best(offered: Iterable[Mode], *, width: int, height: int, fps: float) -> Mode | None:
    """
    Return the mode to record from, or None when none can be used.

    The nearest size first, then a rate that suffices, then what costs least:
    H.264 as it comes, plain pictures, and last JPEGs, which must be decoded
    before they are encoded.
    """

    def rank(mode: Mode) -> tuple[int, float, int]:
        far = abs(mode.width - width) + abs(mode.height - height)
        return far, max(0.0, fps - mode.fps), _ORDER.index(mode.pixel_format)

    return min(offered, key=rank, default=None)
