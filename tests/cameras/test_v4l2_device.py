"""A USB camera from end to end: FFmpeg's own V4L2 code, against a driver that a library pretends to be."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vigil.cameras.v4l2_device import open_device
from vigil.errors import CameraLost

FAKES = Path(__file__).parent.parent / "fakes"
FIRMWARE = FAKES.parent.parent / "firmware"

# Opens the camera as the recorder does, reads it for a while, and tells what it saw.
PROGRAM = """
import json, sys, threading, time
from vigil.cameras.choose import open_source
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.config.model import Camera
from vigil.errors import CameraLost
from vigil.frames.packet import Packet

told = {"pictures": 0, "grey": 0, "lost": ""}
try:
    camera = Camera(id="usb", source="v4l2", device="/dev/video99", width=320, height=240, fps=30, read_timeout_s=2)
    source = open_source(camera, Wishes(luma=True), SystemClock())
    while told["pictures"] < 30:
        for item in source.read(1):
            told["pictures" if isinstance(item, Packet) else "grey"] += 1
    told |= source.describe()
    source.close()
    open_source(camera, Wishes(), SystemClock()).close()
except CameraLost as lost:
    told["lost"] = str(lost)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The pretended driver, compiled."""
    made = tmp_path_factory.mktemp("usb") / "usb_camera.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", made, FAKES / "usb_camera.c"]
    subprocess.run([*command, "-ldl"], check=True)
    return made


def told_by_the_recorder(library, **behaviour):
    environment = os.environ | {"LD_PRELOAD": str(library), "PYTHONPATH": str(FIRMWARE)} | behaviour
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_a_usb_camera_is_found_opened_encoded_and_free_again_at_once(library):
    told = told_by_the_recorder(library)
    assert told["lost"] == ""
    assert told["pictures"] >= 30
    assert told["grey"] >= 3
    assert (told["camera format"], told["encoder"], told["resolution"]) == ("yuyv422", "libx264", "320x240")


def test_an_unplugged_usb_camera_is_lost(library):
    told = told_by_the_recorder(library, USB_CAMERA_UNPLUG_AFTER="10")
    assert told["lost"] == "/dev/video99 is gone: was it unplugged?"
    assert told["pictures"] == 10


def test_a_usb_camera_that_hangs_is_lost_and_does_not_hang_the_recorder(library):
    told = told_by_the_recorder(library, USB_CAMERA_HANG_AFTER="10")
    assert told["lost"] == "/dev/video99: no picture for 2 s"
    assert told["pictures"] == 10


def test_a_usb_camera_that_never_sends_is_lost_as_well(library):
    assert "/dev/video99" in told_by_the_recorder(library, USB_CAMERA_HANG_AFTER="0")["lost"]


def test_what_is_opened_too_late_is_closed_again(tmp_path):
    device = tmp_path / "device"
    device.touch()
    dropped = []
    opens, closed = threading.Event(), threading.Event()

    def slow():
        assert opens.wait(30)
        return "too late"

    def drop(made):
        dropped.append(made)
        closed.set()

    with pytest.raises(CameraLost, match=r"did not send a picture within 0\.05 s"):
        open_device(str(device), slow, drop, timeout_s=0.05)
    opens.set()
    assert closed.wait(30)
    assert dropped == ["too late"]


def test_what_goes_wrong_while_opening_is_told(tmp_path):
    device = tmp_path / "device"
    device.touch()

    def refuse():
        raise CameraLost("the camera is in use")

    with pytest.raises(CameraLost, match="the camera is in use"):
        open_device(str(device), refuse, print, timeout_s=5)
    with pytest.raises(CameraLost, match="cannot be opened"):
        open_device(str(tmp_path / "none"), refuse, print, timeout_s=5)
