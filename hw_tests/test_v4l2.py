"""
A USB camera for real, or the kernel's pretended one (`modprobe vivid`).

Name it in ``VIGIL_HW_V4L2`` (such as /dev/video0) and run
``.venv/bin/python -m pytest hw_tests/test_v4l2.py``. One run at a time may use it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from vigil.cameras.choose import open_source
from vigil.cameras.source import Wishes
from vigil.cameras.v4l2_formats import modes_of
from vigil.clock import SystemClock
from vigil.config.model import Camera
from vigil.frames.packet import Luma, Packet

DEVICE = os.environ.get("VIGIL_HW_V4L2", "")

pytestmark = pytest.mark.skipif(not DEVICE, reason="VIGIL_HW_V4L2 names no video device")


@pytest.fixture(scope="module", autouse=True)
def alone():
    """Hold the camera for this run."""
    with (Path(tempfile.gettempdir()) / "vigil-hw-v4l2.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def camera():
    wishes = Wishes(luma=True, keyframe_distance_s=1)
    settings = Camera(id="usb", source="v4l2", device=DEVICE, width=640, height=480, fps=15, bit_rate_kbps=1000)
    source = open_source(settings, wishes, SystemClock())
    yield source
    source.close()


def seconds_of(source, seconds):
    """Read until the pictures span so many seconds."""
    got: list[Packet | Luma] = []
    while True:
        got += source.read(2)
        packets = [item for item in got if isinstance(item, Packet)]
        if packets and packets[-1].pts - packets[0].pts >= seconds * 90_000:
            return packets, [item for item in got if isinstance(item, Luma)]


def test_the_device_says_what_it_can_do():
    assert modes_of(DEVICE)


def test_pictures_come_at_the_rate_asked_for(camera):
    packets, _ = seconds_of(camera, 5)
    assert packets[0].key
    assert all(a.dts < b.dts for a, b in pairwise(packets))
    assert 5 * 15 * 0.5 <= len(packets) <= 5 * 15 * 1.2  # in the dark, cameras give half of what they promise


def test_keyframes_and_grey_pictures_come(camera):
    packets, looks = seconds_of(camera, 5)
    keys = [packet.pts for packet in packets if packet.key]
    if camera.describe()["encoder"] != "the camera's own":
        assert all(b - a <= 1.2 * 90_000 for a, b in pairwise(keys))
    assert looks
    assert all(len(luma.grey) == luma.width * luma.height for luma in looks)


def test_it_can_be_opened_again_at_once():
    settings = Camera(id="usb", source="v4l2", device=DEVICE, width=640, height=480, fps=15, bit_rate_kbps=1000)
    for _ in range(3):
        source = open_source(settings, Wishes(), SystemClock())
        while not source.read(2):
            pass
        source.close()
