"""Pictures out of RTP packets, however a camera cuts, marks, loses and times them."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.mp4_sources import packets_of, pictures
from fakes.rtp_films import GAP, codec_of, media, opened, pushed, sent, units_in, units_of
from fakes.rtp_packets import SSRC, Sender, drawn_cuts, h264_fragments, h264_together, rtp
from vigil.cameras.rtp_stream import VideoStream
from vigil.cameras.rtp_units import LARGEST_PICTURE_BYTES
from vigil.errors import FormatError, StreamRefused
from vigil.frames.nal import split_lengths

START = b"\0\0\1"


@pytest.mark.parametrize("marked", ["last", "none", "all"])
@pytest.mark.parametrize("name", ["plain", "slices"])
def test_a_picture_is_whole_whatever_the_markers_say(name, marked):
    stream = opened(name)

    got = pushed(stream, sent(units_of(name), Sender(), marked=marked)) + stream.end()

    # Without a marker nobody knows whether the last picture is whole.
    due = len(units_of(name)) - (marked == "none")
    assert units_in(got) == units_of(name)[:due]
    assert [picture.key for picture in got] == [picture.key for picture in pictures(packets_of(name))][:due]
    assert [picture.dts for picture in got] == [at * GAP for at in range(len(got))]
    assert (stream.lost, stream.dropped) == (0, 0)


def test_after_the_first_picture_a_marker_is_enough():
    stream, sender = opened(), Sender()
    pushed(stream, sent(units_of()[:2], sender))

    (picture,) = pushed(stream, sent(units_of()[2:3], sender, first=2 * GAP))

    assert picture.pts == 2 * GAP


# A slice as encoders write them, the first of an IDR picture: no start code inside, no zero at the end.
SLICES = (
    st.binary(max_size=300).map(lambda rest: b"\x65\x88" + rest + b"\x80").filter(lambda unit: b"\0\0\1" not in unit)
)


@settings(deadline=None)
@given(st.data())
def test_any_way_of_cutting_the_same_units_gives_the_same_picture(data):
    units = data.draw(st.lists(SLICES, min_size=1, max_size=6))
    payloads = drawn_cuts(data.draw, units, together=h264_together, fragments=h264_fragments)
    stream = opened()

    got = pushed(stream, Sender().picture(payloads, 7)) + stream.end()

    assert units_in(got) == [units]


def test_parameter_sets_may_come_with_the_pictures_in_place_of_the_description():
    sets = list(codec_of("plain").parameter_sets)
    units = units_of()
    stream = VideoStream(media("H264", {}))
    assert stream.codec is None

    got = pushed(stream, Sender().picture([h264_together(sets), *units[0]], 0)) + stream.end()

    assert units_in(got) == [units[0]]
    assert got[0].codec == stream.codec == codec_of("plain")


def test_another_size_in_mid_stream_is_another_codec():
    stream, sender = opened(), Sender()
    sets = list(codec_of("cropped").parameter_sets)

    got = pushed(stream, sent(units_of()[:5], sender))
    got += pushed(stream, sender.picture([*sets, *units_of("cropped")[0]], 5 * GAP)) + stream.end()

    assert [p.codec for p in got] == [codec_of("plain")] * 5 + [codec_of("cropped")]
    assert got[3].codec is got[4].codec


@pytest.mark.parametrize("missing", [0, 3, -1], ids=["first", "middle", "last"])
def test_with_a_piece_missing_nothing_is_given_until_the_next_keyframe(missing):
    units = units_of()
    stream, sender = opened(), Sender()
    got = pushed(stream, sent(units[:10], sender))
    whole = len(got)

    broken = sender.picture(h264_fragments(units[10][-1], range(20, 200, 20)), 10 * GAP)
    del broken[missing]
    got += pushed(stream, broken + sent(units[11:], sender, first=11 * GAP)) + stream.end()

    assert whole == 10
    assert units_in(got) == units[:10] + units[25:]
    assert got[10].key
    assert got[10].pts == 25 * GAP
    assert (stream.lost, stream.dropped) == (1, 15)


def test_when_whole_pictures_are_missing_the_next_keyframe_is_taken():
    units = units_of()
    stream, sender = opened(), Sender()
    got = pushed(stream, sent(units[:10], sender))
    sender.skip(40)

    got += pushed(stream, sent(units[25:], sender, first=25 * GAP)) + stream.end()

    assert units_in(got) == units[:10] + units[25:]
    assert (stream.lost, stream.dropped) == (40, 0)


def test_a_packet_that_comes_twice_counts_once():
    stream = opened()
    packets = sent(units_of(), Sender())
    twice = [packet for packet in packets for _ in range(2)]

    got = pushed(stream, twice) + stream.end()

    assert units_in(got) == units_of()


def test_a_sender_that_begins_anew_goes_on_where_it_was_at_a_keyframe():
    units = units_of()
    stream = opened()
    got = pushed(stream, sent(units[:10], Sender()))

    again = Sender(sequence=5, ssrc=SSRC + 1)
    got += pushed(stream, sent(units[10:], again, first=3_000_000_000)) + stream.end()

    assert units_in(got) == units[:10] + units[25:]
    assert all(a.dts < b.dts for a, b in pairwise(got))
    assert got[10].dts - got[9].dts == GAP


@pytest.mark.parametrize("name", ["plain", "h265"])
def test_a_camera_whose_clock_stands_still_is_read_by_its_markers(name):
    stream, sender = opened(name), Sender()
    packets = [packet for picture in units_of(name) for packet in sender.picture(picture, 7)]

    got = pushed(stream, packets) + stream.end()

    assert units_in(got) == units_of(name)
    assert all(a.dts < b.dts for a, b in pairwise(got))


def test_times_that_wrap_go_on():
    stream = opened()

    got = pushed(stream, sent(units_of(), Sender(), first=2**32 - 10 * GAP - 7)) + stream.end()

    assert [picture.pts for picture in got] == [at * GAP for at in range(len(got))]


@pytest.mark.parametrize("name", ["b_frames", "late_b_frames"])
def test_pictures_out_of_order_are_decoded_in_time(name):
    film = pictures(packets_of(name))
    stream, sender = opened(name), Sender()
    packets: list[bytes] = []
    for picture in film:
        packets += sender.picture(split_lengths(picture.data), picture.pts)

    got = pushed(stream, packets) + stream.end()

    assert [p.pts - got[0].pts for p in got] == [p.pts - film[0].pts for p in film]
    assert [p.dts for p in got] == [p.dts - film[0].dts for p in film]


def test_the_camera_s_own_clock_is_told():
    stream, sender = opened(), Sender()
    assert stream.camera_clock_us is None
    # 2026-01-01 00:00:00.5 UTC, when media time was 900,000.
    report = bytes.fromhex("80c80006 00005eed ed003780 80000000 000dbba0 00000000 00000000")

    stream.control(report, 5_000_000)
    pushed(stream, sent(units_of()[:3], sender, first=900_000 + 90_000)) + stream.end()

    assert stream.camera_clock_us is not None
    assert stream.clock.now(5_000_000) == 1_767_225_600_500_000
    assert stream.camera_clock_us == 1_767_225_600_500_000 + 1_000_000 + 2 * GAP * 1_000_000 // 90_000


@pytest.mark.parametrize("kind", [25, 26, 27, 29])
def test_pieces_out_of_order_are_refused(kind):
    stream = opened()

    with pytest.raises(StreamRefused, match="out of their order"):
        stream.push(rtp(bytes((kind, 0, 0, 0)), 1, 0), 0)
    with pytest.raises(StreamRefused, match="packetization-mode 2"):
        VideoStream(media("H264", {"packetization-mode": "2"}))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 31), st.binary(max_size=40), st.integers(0, 3), st.booleans()), max_size=40))
def test_garbage_is_passed_over_or_refused_in_our_own_words(bits):
    stream, number = opened(), 0

    def through(packet):
        try:
            return stream.push(packet, 0)
        except (FormatError, StreamRefused):
            return []

    for kind, rest, step, marker in bits:
        number += step
        for picture in through(rtp(bytes((kind | 0x60,)) + rest, number, number // 8, marker=marker)):
            assert split_lengths(picture.data)
    assert stream.push(b"", 0) == []


@pytest.mark.parametrize(
    ("piece", "packets", "most_bytes"),
    [(b"xy", 30_000, 1 << 20), (bytes(1400), 8000, 2 * LARGEST_PICTURE_BYTES + 99_999)],
)
def test_a_picture_that_never_ends_does_not_fill_the_memory(piece, packets, most_bytes):
    stream, sender = opened(), Sender()
    pushed(stream, sender.picture(h264_fragments(b"\x65\x88" + bytes(8), [4])[:1], 0, marked="none"))
    middle = b"\x7c\x05" + piece
    tracemalloc.start()
    for _ in range(packets):
        pushed(stream, sender.picture([middle], 0, marked="none"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < most_bytes
    units = units_of()
    got = pushed(stream, sent(units, sender, first=GAP)) + stream.end()
    assert units_in(got) == units
