"""When a picture is decoded, told from when it is shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.parameter_sets import FRAMES_ONLY, sps_of, ue, vui_of
from vigil.cameras.rtp_order import LEARNING, Order, Picture
from vigil.cameras.timeline import JUMP_TICKS
from vigil.frames.packet import Packet, VideoCodec

GAP = 3600
BEGUN = f"{77:08b}{0:08b}{41:08b}" + ue(0) + ue(0) + ue(0) + ue(0) + ue(4) + "0" + FRAMES_ONLY + "0"
SILENT = VideoCodec("h264", 640, 272, (sps_of(BEGUN, "0"), b"\x68\xef"))
DEEP = VideoCodec("h264", 640, 272, (sps_of(BEGUN, "1", vui_of(reorder=2)), b"\x68\xef"))
FLAT = VideoCodec("h264", 640, 272, (sps_of(BEGUN, "1", vui_of(reorder=0)), b"\x68\xef"))

# A pyramid of B pictures: two are decoded before one and shown after it.
PYRAMID = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15]


def placed(shown: list[int], codec: VideoCodec, *, order: Order | None = None) -> list[Packet]:
    order = order or Order()
    got = []
    for number in shown:
        got += order.place(Picture(b"", number == 0, codec, number % 2**32, number))
    return got + order.end()


@pytest.mark.parametrize("codec", [SILENT, DEEP])
def test_a_pyramid_is_decoded_at_an_even_pace_and_just_in_time(codec):
    got = placed([n * GAP for n in PYRAMID], codec)

    assert [packet.dts for packet in got] == [n * GAP for n in range(len(PYRAMID))]
    assert [packet.pts for packet in got] == [(n + 2) * GAP for n in PYRAMID]


def test_where_nothing_is_reordered_nothing_is_held():
    order = Order()

    assert [len(order.place(Picture(b"", True, FLAT, n * GAP, n))) for n in range(3)] == [1, 1, 1]


def test_where_the_camera_is_silent_the_first_pictures_are_held_to_see():
    order = Order()

    got = [order.place(Picture(b"", n == 0, SILENT, n * GAP, n)) for n in range(LEARNING + 2)]

    assert [len(pictures) for pictures in got] == [0] * (LEARNING - 1) + [LEARNING, 1, 1]
    assert all(packet.pts == packet.dts for pictures in got for packet in pictures)


@pytest.mark.parametrize(("codec", "due"), [(SILENT, [0, 2, 1, 1]), (DEEP, [0, 0, 3, 1])])
def test_a_camera_with_a_picture_a_second_is_not_held_for_long(codec, due):
    order = Order()

    got = [order.place(Picture(b"", n == 0, codec, n * 90_000, n)) for n in range(4)]

    assert [len(pictures) for pictures in got] == due
    assert {b.dts - a.dts for a, b in pairwise(packet for pictures in got for packet in pictures)} == {90_000}


def test_an_order_that_deepens_late_costs_one_group_its_pace_and_no_more():
    flat = list(range(12))
    deep = [12 + n for n in PYRAMID]

    got = placed([n * GAP for n in flat + deep], SILENT)

    assert all(a.dts < b.dts for a, b in pairwise(got))
    assert all(packet.pts >= packet.dts for packet in got)
    assert [packet.pts for packet in got[-8:]] == [n * GAP for n in deep[-8:]]


def test_another_codec_in_mid_stream_has_another_depth():
    order = Order()
    first = [packet for n in range(5) for packet in order.place(Picture(b"", n == 0, FLAT, n * GAP, n))]

    got = first + placed([(5 + n) * GAP for n in PYRAMID], DEEP, order=order)
    got += placed([(22 + n) * GAP for n in range(5)], FLAT, order=order)

    assert all(a.dts < b.dts for a, b in pairwise(got))
    assert [packet.pts for packet in got] == [n * GAP for n in [*range(5), *(5 + n for n in PYRAMID), *range(22, 27)]]
    assert [packet.dts for packet in got[-5:]] == [packet.pts for packet in got[-5:]]


def test_a_clock_that_is_set_leaves_no_hole_even_among_reordered_pictures():
    far = JUMP_TICKS * 5

    for step in (far, -far):
        got = placed([1_000_000 + n * GAP + (step if at >= 9 else 0) for at, n in enumerate(PYRAMID)], DEEP)

        assert all(0 < b.dts - a.dts <= 4 * GAP for a, b in pairwise(got))
        assert all(0 <= packet.pts - packet.dts <= 5 * GAP for packet in got)


@given(
    st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 40).map(lambda n: n * GAP), max_size=40),
    st.sampled_from([SILENT, DEEP, FLAT]),
)
def test_whatever_the_times_decoding_goes_forward_and_before_showing(times, codec):
    got = placed(times, codec)

    assert len(got) == len(times)
    assert all(a.dts < b.dts for a, b in pairwise(got))
    assert all(packet.pts >= packet.dts for packet in got)
