"""What tests of a ribbon-cable camera do with one: open it, read from it, look at what it made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fakes.libcamera_virtual.cameras import BARS
from vigil.cameras.picamera2 import Picamera2Source
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.errors import CameraLost
from vigil.frames.nal import join_annexb, split_lengths
from vigil.frames.packet import Packet

FPS = 30
WISHES = Wishes(keyframe_distance_s=0.5, luma=True, luma_fps=10, luma_width=640)

IN_TRIXIE = [
    # There nothing is skipped, so that a missing piece is a failure.
    pytest.mark.skipif(
        os.environ.get("VIGIL_TRIXIE") != "1", reason="needs libcamera's virtual cameras: tests/ground/trixie.sh unit"
    ),
    pytest.mark.xdist_group("picamera2"),  # one libcamera at a time
    # picamera2 names its threads' nature in a way that Python has a newer word for.
    pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning"),
]


@contextmanager
def sources() -> Iterator[Callable[..., Picamera2Source]]:
    """Give what opens sources, and close them at the end."""
    opened = []

    def open_source(camera=BARS, *, wishes=WISHES, **settings):
        usual = {"width": 1280, "height": 720, "fps": FPS, "bit_rate_kbps": 2000}
        opened.append(Picamera2Source(camera, SystemClock(), wishes=wishes, **usual | settings))
        return opened[-1]

    try:
        yield open_source
    finally:
        for source in opened:
            source.close()


def packets_of(source, count):
    """Read until so many packets have come; return them."""
    packets: list[Packet] = []
    while len(packets) < count:
        packets += [item for item in source.read(5) if isinstance(item, Packet)]
    return packets


def read_until_lost(source):
    with pytest.raises(CameraLost) as lost:
        while True:
            source.read(0.1)
    return str(lost.value)


def decoded(packets):
    """Decode with ffmpeg; return the grey pictures, which must be without a single complaint."""
    codec = packets[0].codec
    units = [*codec.parameter_sets, *(unit for packet in packets for unit in split_lengths(packet.data))]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        input=join_annexb(units),
        capture_output=True,
    )
    assert done.stderr == b""
    size = codec.width * codec.height
    return [done.stdout[at : at + size] for at in range(0, len(done.stdout), size)]
