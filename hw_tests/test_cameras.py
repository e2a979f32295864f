"""Every kind of camera, opened as a recorder does it: pictures at their pace, keyframes, and grey ones to watch."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hw_tests.patience import PATIENCE_S
from hw_tests.worlds.absence import Absent
from hw_tests.worlds.cameras import WORLDS
from vigil.cameras.choose import open_source
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.config.model import Camera
from vigil.frames.packet import TICKS_PER_S, Luma, Packet

SPAN_S = 4
WISHES = Wishes(luma=True, keyframe_distance_s=1)
# In the dark, cameras give half of what they promise; an emulated board is no quicker.
SHARE = 0.4


@pytest.fixture(scope="module", params=WORLDS)
def settings(request, alone):
    try:
        with WORLDS[request.param]() as settings:
            yield settings
    except Absent as reason:
        pytest.skip(str(reason))


@pytest.fixture
def source(settings):
    source = open_source(settings, WISHES, SystemClock())
    yield source
    source.close()


def read(source, *, span_s):
    """What the camera gives until its pictures span so many seconds."""
    clock = SystemClock()
    until_us = clock.steady_us() + int((PATIENCE_S + span_s) * 1_000_000)
    got: list[Packet | Luma] = []
    while clock.steady_us() < until_us:
        got += source.read(2)
        packets = [item for item in got if isinstance(item, Packet)]
        if packets and packets[-1].pts - packets[0].pts >= span_s * TICKS_PER_S:
            return packets, [item for item in got if isinstance(item, Luma)]
    raise AssertionError(f"only {len(got)} pictures came in {PATIENCE_S + span_s:g} s")


def test_pictures_come_at_the_rate_asked_for(settings: Camera, source):
    packets, _ = read(source, span_s=SPAN_S)
    assert packets[0].key
    assert all(earlier.dts < later.dts for earlier, later in pairwise(packets))
    if settings.source != "rtsp":  # which is asked for nothing
        assert SHARE * SPAN_S * settings.fps <= len(packets) <= 1.2 * SPAN_S * settings.fps + 1


def test_pictures_are_of_the_size_that_was_said(source):
    packets, _ = read(source, span_s=0)
    said = source.describe()["resolution"]
    assert said == f"{packets[0].codec.width}x{packets[0].codec.height}"


def test_keyframes_come_as_often_as_was_asked(source):
    packets, _ = read(source, span_s=SPAN_S)
    keys = [packet.pts for packet in packets if packet.key]
    assert len(keys) > 1
    if source.describe().get("encoder", "the camera's own") != "the camera's own":
        slowest = max(later.pts - earlier.pts for earlier, later in pairwise(packets))
        assert max(later - earlier for earlier, later in pairwise(keys)) <= TICKS_PER_S + slowest


def test_grey_pictures_come_for_whoever_looks_for_motion(source):
    _, looks = read(source, span_s=SPAN_S)
    assert looks
    assert all(len(luma.grey) == luma.width * luma.height for luma in looks)
    assert any(len(set(luma.grey)) > 1 for luma in looks), "nothing is to be seen in any of them"


def test_it_can_be_opened_again_at_once(settings):
    for _ in range(3):
        source = open_source(settings, Wishes(), SystemClock())
        try:
            read(source, span_s=0)
        finally:
            source.close()
