"""From a line in the configuration to an open camera."""

import subprocess
import sys

import pytest

from fakes.footage import footage
from fakes.noise import Silence
from vigil.cameras.choose import open_source, prompt
from vigil.cameras.replay import ReplaySource
from vigil.cameras.source import Wishes
from vigil.cameras.synthetic import SyntheticSource
from vigil.clock import HandClock
from vigil.config.model import DEMO, Camera
from vigil.errors import CameraLost
from vigil.segments.mp4_file import Mp4File

CLOCK = HandClock()


def test_the_demo_camera_films():
    source = open_source(DEMO, Wishes(), CLOCK)
    assert isinstance(source, SyntheticSource)
    assert source.describe()["resolution"] == f"{DEMO.width}x{DEMO.height}"
    assert source.read(1)
    source.close()


@pytest.mark.parametrize("open_mp4", [None, Mp4File])
def test_a_film_is_found_in_the_data_directory(open_mp4):
    film = footage("h264")
    camera = Camera(id="film", source="replay", path=film.name)
    source = open_source(camera, Wishes(), CLOCK, data_dir=film.parent, open_mp4=open_mp4)
    assert isinstance(source, ReplaySource)
    assert source.read(1)
    source.close()


def test_a_network_camera_is_called_up():
    with Silence() as taken:
        url = f"rtsp://joe:sesame@127.0.0.1:{taken.port}/main"
    camera = Camera(id="door", source="rtsp", url=url, connect_timeout_s=1)
    source = open_source(camera, Wishes(), CLOCK)
    with pytest.raises(CameraLost, match="nothing answers at rtsp://127"):
        while True:
            source.read(1)
    source.close()


@pytest.mark.parametrize(
    ("camera", "luma", "expected"),
    [
        (Camera(id="film", source="replay", path="a.mp4"), False, True),
        (Camera(id="film", source="replay", path="a.mp4"), True, False),
        (Camera(id="door", source="rtsp", url="rtsp://h/1"), False, True),
        (Camera(id="door", source="rtsp", url="rtsp://h/1"), True, False),
        (Camera(id="door", source="rtsp", url="rtsp://h/1", sub_url="rtsp://h/2"), True, True),
        (DEMO, False, False),
    ],
)
def test_a_camera_needs_no_thread_to_read_it_unless_its_recorded_pictures_are_decoded(camera, luma, expected):
    assert prompt(camera, Wishes(luma=luma)) == expected


def test_a_usb_camera_that_is_not_there_is_named():
    camera = Camera(id="usb", source="v4l2", device="/dev/no-such-video")
    with pytest.raises(CameraLost, match="/dev/no-such-video cannot be opened: No such file"):
        open_source(camera, Wishes(), CLOCK)


def test_nothing_heavy_is_loaded_before_a_camera_is_opened():
    program = """
import sys
import vigil.cameras.choose, vigil.cameras.keeper, vigil.cameras.frozen
assert not {"av", "numpy", "cv2", "picamera2"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "firmware"})
