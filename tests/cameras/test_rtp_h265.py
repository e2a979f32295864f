"""H.265 out of RTP packets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.mp4_sources import packets_of, pictures
from fakes.rtp_films import GAP, codec_of, media, opened, pushed, sent, units_in, units_of
from fakes.rtp_packets import Sender, drawn_cuts, h265_fragments, h265_together, rtp
from vigil.cameras.rtp_stream import VideoStream
from vigil.errors import FormatError, StreamRefused
from vigil.frames.nal import split_lengths

START = b"\0\0\1"
CRA, RASL = 21, (8, 9)

# A slice as encoders write them, the first of an IDR picture: no start code inside, no zero at the end.
SLICES = (
    st.binary(max_size=300).filter(lambda rest: START not in rest).map(lambda rest: b"\x26\x01\x88" + rest + b"\x80")
)


def kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


@settings(deadline=None)
@given(st.data())
def test_any_way_of_cutting_the_same_units_gives_the_same_picture(data):
    units = data.draw(st.lists(SLICES, min_size=1, max_size=6))
    payloads = drawn_cuts(data.draw, units, together=h265_together, fragments=h265_fragments)
    stream = opened("h265")

    got = pushed(stream, Sender().picture(payloads, 7)) + stream.end()

    assert units_in(got) == [units]


def test_parameter_sets_may_come_with_the_pictures_in_place_of_the_description():
    stream = VideoStream(media("H265", {}))
    first = units_of("h265")[0]

    got = pushed(stream, Sender().picture([h265_together(codec_of("h265").parameter_sets), *first], 0)) + stream.end()

    assert units_in(got) == [first]
    assert got[0].codec == codec_of("h265")


def test_pictures_out_of_order_are_decoded_in_time():
    film = pictures(packets_of("h265"))
    stream, sender = opened("h265"), Sender()
    packets: list[bytes] = []
    for picture in film:
        packets += sender.picture(split_lengths(picture.data), picture.pts)

    got = pushed(stream, packets) + stream.end()

    assert [p.pts - got[0].pts for p in got] == [p.pts - film[0].pts for p in film]
    assert [p.dts for p in got] == [p.dts - film[0].dts for p in film]


def test_behind_a_hole_what_looks_back_across_the_keyframe_is_left_out():
    units = units_of("h265_open_gop")
    key = next(at for at, picture in enumerate(units) if kind(picture[-1]) == CRA)
    across = [at for at in range(key, len(units)) if kind(units[at][-1]) in RASL]
    assert across[0] == key + 1
    stream, sender = opened("h265_open_gop"), Sender()
    before = pushed(stream, sent(units[: key - 3], sender, name="h265"))
    sender.skip()

    got = pushed(stream, sent(units[key - 2 :], sender, name="h265", first=(key - 2) * GAP)) + stream.end()

    next_key = next(at for at in range(key + 1, len(units)) if kind(units[at][-1]) == CRA)
    lost = {at for at in across if at < next_key}
    assert len(before) == key - 3
    assert units_in(got) == [units[at] for at in range(key, len(units)) if at not in lost]
    assert stream.dropped == 2 + len(lost)


def test_layers_above_the_first_are_left_out():
    units = units_of("h265")[0]
    above = [bytes((unit[0], unit[1] | 8)) + unit[2:] for unit in units]
    stream = opened("h265")

    payloads = [*units, *above, h265_together(above), *h265_fragments(above[-1], [20, 40])]
    got = pushed(stream, Sender().picture(payloads, 0)) + stream.end()

    assert units_in(got) == [units]


def test_pieces_out_of_order_and_layers_apart_are_refused():
    with pytest.raises(StreamRefused, match="sprop-max-don-diff"):
        VideoStream(media("H265", {"sprop-max-don-diff": "2"}))
    with pytest.raises(StreamRefused, match="tx-mode"):
        VideoStream(media("H265", {"tx-mode": "MRST"}))
    with pytest.raises(StreamRefused, match="PACI"):
        opened("h265").push(rtp(b"\x64\x01\0\0\0", 1, 0), 0)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 63), st.binary(max_size=40), st.integers(0, 3), st.booleans()), max_size=40))
def test_garbage_is_passed_over_or_refused_in_our_own_words(bits):
    stream, number = opened("h265"), 0

    def through(packet):
        try:
            return stream.push(packet, 0)
        except (FormatError, StreamRefused):
            return []

    for kind_, rest, step, marker in bits:
        number += step
        for picture in through(rtp(bytes((kind_ << 1, 1)) + rest, number, number // 8, marker=marker)):
            assert split_lengths(picture.data)
