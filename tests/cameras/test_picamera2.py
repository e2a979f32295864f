"""
The real picamera2 on libcamera's virtual cameras: one shows colour bars, one shows pictures with movement in them.

These run in the trixie system (`tests/ground/trixie.sh unit`), which has libcamera, picamera2 and the cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import pytest

from fakes.libcamera_virtual.cameras import BARS, FRAMES, virtual_cameras
from fakes.libcamera_virtual.sources import FPS, IN_TRIXIE, decoded, packets_of, sources
from vigil.cameras.source import Wishes
from vigil.frames.packet import Luma, Packet

pytestmark = IN_TRIXIE


@pytest.fixture
def hands():
    with virtual_cameras(fps=FPS) as hands:
        yield hands


@pytest.fixture
def open_source(hands):
    with sources() as open_source:
        yield open_source


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
    with virtual_cameras(fps=FPS), sources() as open_source:
        source = open_source(request.param)
        source._camera.pre_callback = lambda done: stamps.append(done.get_metadata()["SensorTimestamp"] // 1000)
        items: list[Packet | Luma] = []
        while sum(isinstance(item, Packet) for item in items) < 2 * FPS:
            items += source.read(5)
        facts = source.describe()
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
    # After a stall two pictures may come within one tick; they must not be one.
    apart = list(accumulate(sensor, lambda last, at: max(last + 1, at)))

    pts = [packet.pts for packet in recording.packets]
    assert pts == apart[: len(pts)]
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
    with virtual_cameras(fps=12), sources() as open_source:
        packets = packets_of(open_source(wishes=Wishes(keyframe_distance_s=0.5), width=640, height=360), 24)
    keys = [place for place, packet in enumerate(packets) if packet.key]

    # Six pictures to half a second, and one to answer; by count alone the second key would be picture 15.
    assert max(b - a for a, b in pairwise(keys)) <= 7
    assert len(keys) >= 3
