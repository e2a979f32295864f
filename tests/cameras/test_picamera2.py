"""
The real picamera2 on libcamera's virtual cameras: one shows colour bars, one shows pictures with movement in them.

They run in the trixie system (`tests/ground/trixie.sh unit`), which has libcamera, picamera2 and the cameras; there
nothing is skipped, so that a missing piece is a failure.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.libcamera_virtual.cameras import BARS, FRAMES, virtual_cameras
from fakes.repository import ROOT
from vigil.cameras.picamera2 import Picamera2Source
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.errors import CameraLost
from vigil.frames.nal import split_lengths
from vigil.frames.packet import Luma, Packet

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("VIGIL_TRIXIE") != "1", reason="needs libcamera's virtual cameras: tests/ground/trixie.sh unit"
    ),
    pytest.mark.xdist_group("picamera2"),  # one libcamera at a time
    # picamera2 names its threads' nature in a way that Python has a newer word for.
    pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning"),
]

FPS = 30
WISHES = Wishes(keyframe_distance_s=0.5, luma=True, luma_fps=10, luma_width=640)


@pytest.fixture
def hands():
    with virtual_cameras(fps=FPS) as hands:
        yield hands


@pytest.fixture
def open_source(hands):
    """Opens sources, and closes them at the end."""
    sources = []

    def opened(camera=BARS, *, wishes=WISHES, **settings):
        usual = {"width": 1280, "height": 720, "fps": FPS, "bit_rate_kbps": 2000}
        sources.append(Picamera2Source(camera, SystemClock(), wishes=wishes, **usual | settings))
        return sources[-1]

    yield opened
    for source in sources:
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


def divide_by_zero(*_):
    """What an encoder does that has a bad day."""
    return 1 / 0


def open_files():
    """How many files this process holds open, those that are only waiting to be collected left out."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def decoded(packets):
    """Decode with ffmpeg; return the grey pictures, which must be without a single complaint."""
    codec = packets[0].codec
    units = [*codec.parameter_sets, *(unit for packet in packets for unit in split_lengths(packet.data))]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        input=b"".join(b"\0\0\0\1" + unit for unit in units),
        capture_output=True,
    )
    assert done.stderr == b""
    size = codec.width * codec.height
    return [done.stdout[at : at + size] for at in range(0, len(done.stdout), size)]


@dataclass
class Recording:
    """Two seconds of a camera, and what its sensor said about them."""

    packets: list[Packet]
    grey: list[Luma]
    sensor_us: list[int]
    facts: dict[str, str]


@pytest.fixture(scope="module", params=[BARS, FRAMES])
def recording(request):
    stamps = []
    with virtual_cameras(fps=FPS):
        source = Picamera2Source(
            request.param, SystemClock(), wishes=WISHES, width=1280, height=720, fps=FPS, bit_rate_kbps=2000
        )
        source._camera.pre_callback = lambda done: stamps.append(done.get_metadata()["SensorTimestamp"] // 1000)
        try:
            items: list[Packet | Luma] = []
            while sum(isinstance(item, Packet) for item in items) < 2 * FPS:
                items += source.read(5)
        finally:
            facts = source.describe()
            source.close()
    packets = [item for item in items if isinstance(item, Packet)]
    return Recording(packets, [item for item in items if isinstance(item, Luma)], stamps, facts)


def test_every_picture_recorded_decodes(recording):
    assert len(decoded(recording.packets)) == len(recording.packets)


def test_the_camera_says_what_it_gives(recording):
    assert recording.facts["resolution"] == "1280x720"
    assert recording.facts["motion pictures"] == "640x360"
    assert recording.facts["encoder"] == "libx264"
    assert recording.facts["camera"] in (BARS, FRAMES)
    assert {(packet.codec.width, packet.codec.height) for packet in recording.packets} == {(1280, 720)}


def test_keys_come_as_often_as_was_asked(recording):
    pts = [packet.pts for packet in recording.packets]
    keys = [place for place, packet in enumerate(recording.packets) if packet.key]
    gap = max(b - a for a, b in pairwise(pts))

    assert keys[0] == 0
    assert len(keys) >= 4
    assert max(b - a for a, b in pairwise(keys)) <= FPS // 2
    # On a machine too busy to keep the camera's pace, one picture to notice it and one to answer.
    assert max(pts[b] - pts[a] for a, b in pairwise(keys)) <= 45_000 + 2 * gap


def test_times_are_those_of_the_sensor(recording):
    # picamera2 gives them from the first picture that was encoded on.
    first = recording.sensor_us[0]
    sensor = [(at - first) * 9 // 100 for at in recording.sensor_us]

    pts = [packet.pts for packet in recording.packets]
    assert pts == sensor[: len(pts)]
    assert pts == [packet.dts for packet in recording.packets]


def test_grey_pictures_are_those_of_the_video(recording):
    assert {(grey.width, grey.height, len(grey.grey)) for grey in recording.grey} == {(640, 360, 640 * 360)}
    # A third as many as packets: ten of thirty a second.
    assert len(recording.packets) // 3 - 4 <= len(recording.grey) <= len(recording.packets) // 3 + 4


def test_grey_pictures_show_what_the_video_shows(recording):
    small = recording.grey[0].grey
    if recording.facts["camera"] == BARS:
        # libcamera moves the bars by so many pixels in each stream, so they agree in nothing but being bars.
        assert len({small[y * 640 : (y + 1) * 640] for y in range(360)}) == 1
        assert len(set(small)) > 5
        return
    large = decoded(recording.packets)[0]

    apart = [
        abs(small[y * 640 + x] - large[2 * y * 1280 + 2 * x]) for y in range(4, 360, 24) for x in range(4, 640, 24)
    ]
    assert sorted(apart)[len(apart) // 2] <= 8


def test_grey_pictures_follow_what_moves(recording):
    # Both cameras show movement: the bars wander.
    assert len({grey.grey for grey in recording.grey}) > 5


def test_without_a_wish_for_grey_pictures_none_come(open_source):
    source = open_source(wishes=Wishes(luma=False))

    assert len(packets_of(source, 10)) >= 10
    assert "motion pictures" not in source.describe()


def test_a_picture_is_out_of_the_encoder_before_the_next_goes_in(open_source):
    source = open_source()
    encoder, outcome = source._encoder, []
    encode = encoder.encode

    def watched(stream, request):
        before = source._timeline._last
        encode(stream, request)
        outcome.append(source._timeline._last != before)

    encoder.encode = watched
    packets_of(source, 20)

    assert len(outcome) >= 18
    assert all(outcome)


def test_a_key_comes_when_it_is_asked_for_and_the_stream_goes_on(open_source):
    source = open_source(FRAMES, wishes=Wishes(keyframe_distance_s=60.0))
    packets = packets_of(source, 5)
    source.request_keyframe()
    packets += packets_of(source, 20)

    assert [packet.key for packet in packets].count(True) == 2
    assert len(decoded(packets)) == len(packets)


def test_a_camera_slower_than_asked_still_gives_its_keys_in_time():
    with virtual_cameras(fps=12):
        source = Picamera2Source(
            BARS, SystemClock(), wishes=Wishes(keyframe_distance_s=0.5), width=640, height=360, fps=30
        )
        try:
            packets = packets_of(source, 24)
        finally:
            source.close()
    keys = [place for place, packet in enumerate(packets) if packet.key]

    # Six pictures to half a second, and one to answer; by count alone the second key would be picture 15.
    assert max(b - a for a, b in pairwise(keys)) <= 7
    assert len(keys) >= 3


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
