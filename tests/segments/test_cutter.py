"""Where fragments and segments end, told packet by packet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.packets import AAC, H264, picture, sound, stream
from vigil.frames.packet import AudioCodec, Packet, VideoCodec
from vigil.segments.cutter import FRAGMENT_US, PATIENCE_US, Begin, Cut, Cutter, End, Fragment, Stop, Why

OTHER = VideoCodec("h264", 1280, 720, (b"\x67\x65", b"\x68\xef"))
S = 1_000_000


def fed(cutter: Cutter, packets: Iterable[Packet]) -> list[Cut]:
    return [cut for packet in packets for cut in cutter.push(packet)]


def kinds(cuts: Iterable[Cut]) -> str:
    """B for begin, e for end, a digit for the number of packets in a fragment (+ from 10 on)."""
    words = {Begin: "B", End: "e"}
    return "".join(
        (str(len(cut.packets)) if len(cut.packets) < 10 else "+") if isinstance(cut, Fragment) else words[type(cut)]
        for cut in cuts
    )


def held(cuts: Iterable[Cut]) -> list[Packet]:
    return [packet for cut in cuts if isinstance(cut, Fragment) for packet in cut.packets]


def test_a_fragment_holds_half_a_second_and_knows_when_its_last_picture_ends() -> None:
    packets = list(stream(seconds=1.2, fps=10))
    cuts = fed(Cutter(segment_s=60), packets)

    assert cuts == [
        Begin(H264, None, packets[0]),
        Fragment(tuple(packets[:5]), packets[5].dts),
        Fragment(tuple(packets[5:10]), packets[10].dts),
    ]


def test_a_segment_begins_with_the_first_keyframe_at_or_after_its_length() -> None:
    packets = list(stream(seconds=10, fps=10, keyframe_every=20))
    cuts = fed(Cutter(segment_s=3), packets)

    assert [cut.first for cut in cuts if isinstance(cut, Begin)] == [packets[0], packets[40], packets[80]]
    ends = [n for n, cut in enumerate(cuts) if isinstance(cut, End)]
    assert [cuts[n] for n in ends] == [End(Why.LENGTH)] * 2
    before = cuts[ends[0] - 1]
    assert isinstance(before, Fragment)
    assert before.end_dts == packets[40].dts, "the last picture lasts until the next segment"


def test_nothing_is_recorded_before_the_first_keyframe_and_that_is_counted() -> None:
    cutter = Cutter(segment_s=60)
    cuts = fed(cutter, [picture(0), picture(100_000), picture(200_000, key=True)])

    assert kinds(cuts) == "B"
    assert cutter.pictures_dropped == 2


def test_without_a_keyframe_the_segment_goes_on_and_is_called_overdue() -> None:
    cutter = Cutter(segment_s=2)
    packets = list(stream(seconds=9, fps=10, keyframe_every=1000))
    overdue = []
    cuts = []
    for packet in packets:
        cuts += cutter.push(packet)
        overdue.append(cutter.overdue)

    assert "e" not in kinds(cuts)
    assert len(held(cuts)) >= len(packets) - 5
    assert overdue.index(True) == 40, "twice the length of a segment"
    assert kinds(cutter.finish())[-1] == "e"
    assert not cutter.overdue


def test_a_tick_closes_a_fragment_that_no_picture_closes() -> None:
    cutter = Cutter(segment_s=60)
    first = picture(0, key=True)
    cutter.push(first)

    assert cutter.oldest_us == 0
    assert cutter.tick(PATIENCE_US - 1) == []
    assert cutter.tick(PATIENCE_US) == [Fragment((first,), None)]
    assert cutter.oldest_us is None
    assert cutter.tick(10 * S) == []


def test_ticking_when_the_oldest_has_waited_holds_no_picture_longer_than_that() -> None:
    cutter = Cutter(segment_s=60)
    pictures = {at: picture(at, key=at == 0) for at in (0, 430_000, 470_000, 2_100_000)}
    longest = 0
    for now in range(0, 4 * S, 10_000):
        cuts = cutter.push(pictures[now]) if now in pictures else []
        if cutter.oldest_us is not None and now >= cutter.oldest_us + PATIENCE_US:
            cuts = [*cuts, *cutter.tick(now)]
        longest = max([longest, *(now - packet.at_us for packet in held(cuts))])

    assert longest == PATIENCE_US > FRAGMENT_US


def test_a_fragment_can_end_before_any_picture_and_that_one_begins_the_next() -> None:
    cutter = Cutter(segment_s=60, audio=AAC)
    first, between, second, third = picture(0, key=True, size_bytes=100), sound(1), picture(40_000), picture(80_000)
    fed(cutter, [first, between, second, third])

    assert cutter.stops() == [Stop(packets=2, pictures=1, size_bytes=101), Stop(packets=3, pictures=2, size_bytes=102)]
    assert cutter.close_at(cutter.stops()[0]) == [Fragment((first, between), second.dts)]
    assert cutter.oldest_us == second.at_us
    late = picture(second.at_us + FRAGMENT_US)
    assert cutter.push(late) == [Fragment((second, third), late.dts)], "half a second counts from there"


def test_a_fragment_of_one_packet_cannot_end_early() -> None:
    cutter = Cutter(segment_s=60, audio=AAC)
    assert cutter.stops() == []
    fed(cutter, [picture(0, key=True), sound(1)])

    assert cutter.stops() == []


def test_a_burst_is_cut_by_media_time_and_a_crawling_clock_by_arrival() -> None:
    burst = [replace(packet, at_us=0) for packet in stream(seconds=2, fps=10)]
    crawl = [replace(packet, pts=n, dts=n) for n, packet in enumerate(stream(seconds=2, fps=10))]

    assert kinds(fed(Cutter(segment_s=60), burst)) == "B555"
    assert kinds(fed(Cutter(segment_s=60), crawl)) == "B555"
    assert kinds(fed(Cutter(segment_s=1), [replace(packet, key=True) for packet in burst])) == "B55eB5"
    assert kinds(fed(Cutter(segment_s=1), [replace(packet, key=True) for packet in crawl])) == "B55eB5"


def test_a_changed_codec_begins_a_segment_at_its_keyframe_and_not_before() -> None:
    cutter = Cutter(segment_s=60)
    old = list(stream(seconds=0.3, fps=10))
    new = [replace(packet, codec=OTHER, key=n == 2) for n, packet in enumerate(stream(seconds=0.4, start_us=300_000))]

    cuts = fed(cutter, [*old, *new])

    assert cuts == [
        Begin(H264, None, old[0]),
        Fragment(tuple(old), new[2].dts),
        End(Why.CODEC),
        Begin(OTHER, None, new[2]),
    ]
    assert cutter.pictures_dropped == 2


def test_an_equal_codec_in_another_object_changes_nothing() -> None:
    again = VideoCodec(H264.name, H264.width, H264.height, tuple(H264.parameter_sets))
    packets = [replace(packet, codec=again) if n % 2 else packet for n, packet in enumerate(stream(seconds=3))]
    cutter = Cutter(segment_s=60)

    assert "e" not in kinds(fed(cutter, packets))
    assert cutter.pictures_dropped == 0


@pytest.mark.parametrize("jump", [-90_000, -9_000, 3601 * 90_000])
def test_a_camera_clock_that_was_set_ends_the_segment(jump: int) -> None:
    before = list(stream(seconds=0.2, fps=10))
    after = [
        replace(packet, dts=packet.dts + jump, pts=packet.pts + jump, key=n == 1)
        for n, packet in enumerate(stream(seconds=0.3, fps=10, start_us=200_000))
    ]
    cutter = Cutter(segment_s=60)

    cuts = fed(cutter, [*before, *after])

    assert cuts == [
        Begin(H264, None, before[0]),
        Fragment(tuple(before), None),
        End(Why.CLOCK),
        Begin(H264, None, after[1]),
    ]
    assert cutter.pictures_dropped == 1


def test_a_picture_to_be_shown_in_two_hours_is_nonsense() -> None:
    cutter = Cutter(segment_s=60)
    cutter.push(picture(0, key=True))

    assert cutter.push(replace(picture(100_000), pts=7200 * 90_000)) == []
    assert cutter.pictures_dropped == 1


def test_finishing_hands_over_what_is_held_and_the_next_segment_may_look_back() -> None:
    cutter = Cutter(segment_s=60)
    packets = list(stream(seconds=0.3))
    fed(cutter, packets)

    assert cutter.finish(end_dts=99_999) == [Fragment(tuple(packets), 99_999), End(Why.ASKED)]
    assert cutter.finish() == []
    # An event's own segment begins with its pre-roll: pictures from before, once more.
    assert kinds(cutter.push(packets[0])) == "B"


@pytest.mark.parametrize("end_dts", [0, 18_000, 1 << 40])
def test_an_end_that_does_not_follow_the_last_picture_says_nothing(end_dts: int) -> None:
    cutter = Cutter(segment_s=60)
    packets = list(stream(seconds=0.3))
    fed(cutter, packets)
    assert packets[-1].dts == 18_000

    assert cutter.finish(end_dts=end_dts) == [Fragment(tuple(packets), None), End(Why.ASKED)]


def test_sound_rides_along_in_the_order_of_arrival() -> None:
    packets = sorted([*stream(seconds=1.1), *(sound(at + 1) for at in range(0, S, 64_000))], key=lambda p: p.at_us)
    cuts = Cutter(segment_s=60, audio=AAC)

    said = fed(cuts, packets)

    assert said[0] == Begin(H264, AAC, packets[0])
    assert held(said) == packets[: len(held(said))]
    assert len(held(said)) >= len(packets) - 3
    assert cuts.sound_dropped == 0


def test_sound_alone_closes_a_fragment_only_when_a_tick_would() -> None:
    cutter = Cutter(segment_s=60, audio=AAC)
    cutter.push(picture(0, key=True))

    assert cutter.push(sound(PATIENCE_US - 1)) == []
    cuts = cutter.push(sound(PATIENCE_US))
    assert kinds(cuts) == "2"
    assert kinds(cutter.tick(2 * PATIENCE_US)) == "1", "sound without pictures is written too"


def test_sound_that_begins_later_gets_its_track_with_the_next_keyframe() -> None:
    cutter = Cutter(segment_s=60)
    cuts = fed(
        cutter, [picture(0, key=True), sound(50_000), picture(100_000), picture(200_000, key=True), sound(250_000)]
    )

    assert [cut.audio_codec for cut in cuts if isinstance(cut, Begin)] == [None, AAC]
    assert cutter.sound_dropped == 1
    assert kinds(cutter.finish()) == "2e"


def test_sound_in_another_codec_waits_for_a_segment_that_has_it() -> None:
    other = AudioCodec(48_000, 2, b"\x11\x90")
    cutter = Cutter(segment_s=60, audio=AAC)
    changed = replace(sound(50_000), codec=other)
    cuts = fed(cutter, [picture(0, key=True), changed, picture(100_000, key=True), replace(changed, at_us=150_000)])

    assert [cut.audio_codec for cut in cuts if isinstance(cut, Begin)] == [AAC, other]
    assert cutter.sound_dropped == 1


MOVES = st.tuples(st.integers(-20_000, 200_000), st.integers(0, 400_000), st.booleans(), st.sampled_from([H264, OTHER]))


@settings(deadline=None)
@given(st.lists(MOVES, max_size=60), st.booleans(), st.sets(st.integers(0, 60)))
def test_whatever_comes_each_picture_is_written_once_in_order_or_counted(
    moves: list[tuple[int, int, bool, VideoCodec]], ticking: bool, early: set[int]
) -> None:
    cutter = Cutter(segment_s=2)
    packets: list[Packet] = []
    cuts: list[Cut] = []
    dts = at_us = 0
    for step, wait, key, codec in moves:
        dts, at_us = dts + step, at_us + wait
        if ticking:
            cuts += cutter.tick(at_us)
        packets.append(Packet(b"x", dts, dts, at_us, key, codec))
        cuts += cutter.push(packets[-1])
        if len(packets) in early and (stops := cutter.stops()):
            cuts += cutter.close_at(stops[len(stops) // 2])
    cuts += cutter.finish()

    written = held(cuts)
    assert len(written) + cutter.pictures_dropped == len(packets)
    ids = [id(packet) for packet in packets]
    assert [ids.index(id(packet)) for packet in written] == sorted(ids.index(id(packet)) for packet in written)
    open_codec = None
    last = None
    for cut in cuts:
        match cut:
            case Begin(codec, _, first):
                assert open_codec is None
                assert first.key
                open_codec, last = codec, None
            case Fragment(held_packets, end_dts):
                for packet in held_packets:
                    assert packet.codec == open_codec
                    assert last is None or packet.dts > last
                    last = packet.dts
                assert held_packets[-1].at_us - held_packets[0].at_us < PATIENCE_US
                assert end_dts is None or (last is not None and end_dts > last)
            case End():
                assert open_codec is not None
                open_codec = None
