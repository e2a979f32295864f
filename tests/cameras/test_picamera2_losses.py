"""
What becomes of a ribbon-cable camera when something goes wrong, with the real picamera2 on libcamera's virtual cameras.

These run in the trixie system (`tests/ground/trixie.sh unit`), which has libcamera, picamera2 and the cameras.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fakes.libcamera_virtual.cameras import BARS, FRAMES, virtual_cameras
from fakes.libcamera_virtual.sources import FPS, IN_TRIXIE, packets_of, read_until_lost, sources
from fakes.repository import ROOT
from vigil.errors import CameraLost

pytestmark = IN_TRIXIE


@pytest.fixture
def hands():
    with virtual_cameras(fps=FPS) as hands:
        yield hands


@pytest.fixture
def open_source(hands):
    with sources() as open_source:
        yield open_source


def divide_by_zero(*_):
    """What an encoder does that has a bad day."""
    return 1 / 0


def open_files():
    """How many files this process holds open, those that are only waiting to be collected left out."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_closed_camera_can_be_opened_again(open_source):
    first = open_source()
    packets_of(first, 3)
    first.close()
    first.close()
    assert first.read(60) == []

    again = packets_of(open_source(), 3)

    assert again[0].key
    assert again[0].pts == 0


def test_a_camera_whose_cable_is_pulled_is_lost_and_comes_back(open_source, hands):
    source = open_source(read_timeout_s=0.3)
    packets_of(source, 3)
    hands.unplug()

    assert "no picture for 0.3 s" in read_until_lost(source)
    source.close()
    assert packets_of(open_source(), 3)


@pytest.mark.parametrize(
    "broken", ["vigil.cameras.picamera2_parts.SoftwareEncoder._encode", "picamera2.Picamera2.process_requests"]
)
def test_a_camera_that_fails_inside_is_lost_at_once_and_can_be_opened_again(open_source, monkeypatch, broken):
    source = open_source(read_timeout_s=3600)
    packets_of(source, 3)
    monkeypatch.setattr(broken, divide_by_zero)
    assert "ZeroDivisionError" in read_until_lost(source)
    source.close()
    monkeypatch.undo()

    assert packets_of(open_source(), 3)


def test_garbage_from_the_encoder_means_that_the_camera_is_lost(open_source):
    source = open_source()
    packets_of(source, 3)
    source._encoder.outputframe(b"no start code", True, 10_000_000)

    assert "garbage" in read_until_lost(source)


def test_a_camera_that_does_not_let_go_does_not_hold_the_recorder(open_source, monkeypatch, caplog):
    from vigil.cameras import picamera2_parts

    free, close_camera = threading.Event(), picamera2_parts.close_camera
    monkeypatch.setattr("vigil.cameras.picamera2.LET_GO_S", 0.05)
    monkeypatch.setattr(picamera2_parts, "close_camera", lambda camera: free.wait(60) and close_camera(camera))
    source = open_source()
    source.close()

    assert "does not close" in caplog.text
    with pytest.raises(CameraLost, match="cannot be opened"):
        open_source()
    free.set()
    next(thread for thread in threading.enumerate() if thread.name == f"closing camera {BARS}").join(60)
    monkeypatch.undo()
    assert packets_of(open_source(), 3)


def test_two_cameras_do_not_disturb_each_other(open_source, hands):
    bars, frames = open_source(BARS, read_timeout_s=0.5), open_source(FRAMES)
    hands.cameras[0].unplug()
    assert "no picture" in read_until_lost(bars)
    bars.close()

    assert len(packets_of(frames, 10)) >= 10


def test_a_camera_somebody_else_holds_cannot_be_opened(open_source):
    holder = open_source()

    before = open_files()
    for _ in range(3):
        with pytest.raises(CameraLost, match=f"camera {BARS} cannot be opened"):
            open_source()
    assert open_files() == before
    assert packets_of(holder, 3)


def test_a_camera_that_is_not_there_is_lost_and_those_there_are_named(open_source):
    with pytest.raises(CameraLost, match=f"camera imx219 is not connected; libcamera finds 0: {FRAMES}, 1: {BARS}"):
        open_source("imx219")


LATE = f"""
import os
from fakes.libcamera_virtual.cameras import virtual_cameras
from vigil.cameras.picamera2 import Picamera2Source
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.errors import CameraLost

with virtual_cameras(fps=30):
    try:
        Picamera2Source("{BARS}", SystemClock(), wishes=Wishes())
    except CameraLost as error:
        print(error)
    del os.environ["LIBCAMERA_PIPELINES_MATCH_LIST"]
    Picamera2Source("{BARS}", SystemClock(), wishes=Wishes()).close()
    print("opened")
"""


def test_a_camera_that_appears_late_in_the_boot_is_found():
    # In a process of its own, because libcamera keeps what it found for as long as anybody holds any of it.
    environment = os.environ | {
        "LIBCAMERA_PIPELINES_MATCH_LIST": "rpi/vc4",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("firmware", "tests")),
    }

    done = subprocess.run([sys.executable, "-c", LATE], env=environment, capture_output=True, text=True)

    first, second = done.stdout.splitlines()
    assert "libcamera finds none" in first
    assert second == "opened"
