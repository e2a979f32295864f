"""What is asked of a ribbon-cable camera and of the board's encoder."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from vigil.cameras.picamera2_choices import KeyDistance, Pace, hardware_encodes, luma_size, place_of, plan
from vigil.cameras.source import Wishes
from vigil.errors import CameraLost

FOUND = [{"Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"}, {"Id": "/base/soc/i2c0mux/i2c@0/imx219@10"}]
PI_4, PI_5 = "bcm2835-codec-encode", "rp1-cfe-fe_image0"


def asked(**changes):
    wishes = Wishes(keyframe_distance_s=2.0, luma=True, luma_width=640)
    usual: dict[str, Any] = {
        "width": 1920,
        "height": 1080,
        "fps": 15,
        "bit_rate_kbps": 4000,
        "wishes": wishes,
        "encoder_name": PI_4,
    }
    return plan(**usual | changes)


def test_a_pi_4_encodes_itself_and_a_pi_5_does_not():
    assert hardware_encodes(PI_4, 1920, 1080)
    assert not hardware_encodes(PI_5, 1920, 1080)
    assert not hardware_encodes("", 1920, 1080)


@pytest.mark.parametrize("size", [(2304, 1296), (1080, 1920)])
def test_what_is_too_large_for_the_hardware_goes_to_libx264(size):
    assert not hardware_encodes(PI_4, *size)


def test_pace_and_bit_rate_are_told_in_the_units_of_the_camera():
    assert asked().frame_us == 66_667
    assert asked().bit_rate == 4_000_000


@pytest.mark.parametrize(("distance_s", "fps", "pictures"), [(2.0, 15, 30), (2.5, 15, 37), (0.01, 15, 1)])
def test_keys_are_never_further_apart_than_wished(distance_s, fps, pictures):
    assert asked(fps=fps, wishes=Wishes(keyframe_distance_s=distance_s)).key_frames == pictures


def test_without_a_wish_for_grey_pictures_none_are_made():
    assert asked().luma_size == (640, 360)
    assert asked(wishes=Wishes(luma=False)).luma_size is None


@pytest.mark.parametrize(
    ("width", "height", "wanted", "given"),
    [
        (1920, 1080, 640, (640, 360)),
        (640, 480, 500, (496, 368)),
        (320, 240, 640, (320, 240)),
        (1080, 1920, 360, (360, 640)),
        (64, 8, 64, (64, 8)),
    ],
)
def test_grey_pictures_keep_the_shape_in_whole_blocks(width, height, wanted, given):
    assert luma_size(width, height, wanted) == given


def test_a_camera_is_found_by_its_place_and_by_its_name():
    assert place_of(1, FOUND) == 1
    assert place_of("/base/soc/i2c0mux/i2c@0/imx219@10", FOUND) == 1


@pytest.mark.parametrize("camera", [2, -1, "imx219"])
def test_a_camera_that_is_not_there_is_lost_and_the_others_are_named(camera):
    with pytest.raises(CameraLost, match=r"finds 0: .*imx708@1a, 1: .*imx219@10"):
        place_of(camera, FOUND)


def test_without_any_camera_the_message_says_none():
    with pytest.raises(CameraLost, match="finds none"):
        place_of(0, [])


def keys_made(gaps, *, distance_s, every):
    """Play pictures at these gaps to an encoder that makes a key `every` pictures, and the next one when asked."""
    watch, pts, since, keys, wanted = KeyDistance(distance_s), 0, 0, [0], False
    watch.overdue(0, key=True)
    for gap in gaps:
        pts, since = pts + gap, since + 1
        key = wanted or since == every
        if key:
            keys.append(pts)
            since = 0
        wanted = watch.overdue(pts, key=key)
    return keys


def test_a_camera_that_gives_fewer_pictures_still_gets_its_keys_in_time():
    slow = 18_000  # 5 a second, where 15 were asked

    keys = keys_made([slow] * 100, distance_s=2.0, every=30)

    assert max(b - a for a, b in pairwise(keys)) <= 180_000 + slow
    assert len(keys) > 8


def test_no_key_is_added_to_those_that_come_in_time():
    jitter = [5_900, 6_100] * 60

    assert keys_made(jitter, distance_s=2.0, every=30) == [180_000 * n for n in range(5)]


def test_a_pace_is_kept_on_average_where_it_does_not_divide_the_pictures():
    pace = Pace(5)
    start_us = 1_000_000_000

    due = [n for n in range(120) if pace.due(start_us + n * 83_333)]

    assert len(due) == 50
    assert due[:4] == [0, 3, 5, 8]


def test_after_a_pause_no_pictures_are_caught_up_with():
    pace = Pace(5)
    times = [0, 10_000_000, 10_066_667, 10_133_333, 10_200_000]

    assert [at for at in times if pace.due(at)] == [0, 10_000_000, 10_200_000]
