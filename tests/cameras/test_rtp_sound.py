"""AAC out of RTP packets, and laid beside the pictures it was heard with."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rtp_films import GAP, opened, sent, units_of
from fakes.rtp_packets import Sender, rtp
from vigil.cameras.rtp_aac import AacFrames
from vigil.cameras.rtp_sound import LIPS_TICKS, SoundStream
from vigil.cameras.sdp import Media
from vigil.errors import FormatError, StreamRefused
from vigil.frames.packet import Packet

KIND, RATE = 97, 16_000
HBR = {"mode": "AAC-hbr", "sizelength": "13", "indexlength": "3", "indexdeltalength": "3", "config": "1408"}
FRAME = 1024 * 90_000 // RATE


def sound(fmtp: dict[str, str] = HBR, *, encoding: str = "MPEG4-GENERIC") -> Media:
    return Media("audio", encoding, RATE, 1, KIND, fmtp, "rtsp://camera/audio")


def together(frames: Sequence[bytes]) -> bytes:
    headers = b"".join(struct.pack(">H", len(frame) << 3) for frame in frames)
    return struct.pack(">H", 8 * len(headers)) + headers + b"".join(frames)


def part(frame: bytes, begin: int, end: int) -> bytes:
    return struct.pack(">HH", 16, len(frame) << 3) + frame[begin:end]


def beside(media: Media | None = None) -> SoundStream:
    """Sound beside a stream whose newest picture lies at 2 * GAP and came at 1 s."""
    video = opened()
    pictures = [p for packet in sent(units_of()[:3], Sender()) for p in video.push(packet, 1_000_000)] + video.end()
    assert [picture.pts for picture in pictures] == [0, GAP, 2 * GAP]
    return SoundStream(media or sound(), video)


def frames_of(media: Media | None = None) -> AacFrames:
    return AacFrames((media or sound()).fmtp, RATE)


FRAMES = st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=8)


@given(FRAMES)
def test_several_frames_in_one_packet_are_taken_apart(frames):
    packet = together(frames)

    assert frames_of().add(packet, 0, len(packet)) == frames


@given(st.binary(min_size=2, max_size=900), st.lists(st.integers(1, 899), min_size=1, max_size=5))
def test_a_frame_in_several_packets_is_put_together(frame, cuts):
    edges = [0, *sorted({cut for cut in cuts if cut < len(frame)}), len(frame)]
    reader = frames_of()

    got = [whole for a, b in pairwise(edges) for p in [part(frame, a, b)] for whole in reader.add(p, 0, len(p))]

    assert got == [frame]


def test_the_short_headers_of_low_rates_are_read():
    reader = frames_of(sound({"mode": "AAC-lbr", "config": "1408"}))

    assert reader.add(b"\0\x10" + bytes((3 << 2, 2 << 2)) + b"abcde", 0, 9) == [b"abc", b"de"]


def test_a_frame_of_which_a_part_is_missing_is_left_out():
    stream = beside()
    frame, after = bytes(range(1, 200)), b"whole"
    packets = [rtp(part(frame, a, a + 50), a // 50, 0, kind=KIND) for a in range(0, 199, 50)]
    del packets[1]

    packets.append(rtp(together([after]), 4, 1024, kind=KIND))
    got = [p for packet in packets for p in stream.push(packet, 1_000_000)]

    assert [packet.data for packet in got] == [after]
    assert (stream.lost, stream.dropped) == (1, 2)


@given(st.binary(max_size=40), st.integers(0, 5))
def test_garbage_never_raises(data, begin):
    reader = frames_of()
    for _ in range(3):
        for frame in reader.add(b"\0" * begin + data, begin, begin + len(data)) if data else []:
            assert frame


def heard(stream: SoundStream, *, first: int, count: int, at_us: int) -> list[Packet]:
    """Packets of one frame each, at their own pace from `at_us` on."""
    got = []
    for n in range(count):
        packet = rtp(together([b"frame"]), first + n, 50_000 + 1024 * (first + n), kind=KIND)
        got += stream.push(packet, at_us + n * 64_000)
    return got


def test_sound_lies_where_it_arrived_while_the_camera_says_no_more():
    got = heard(beside(), first=0, count=3, at_us=1_100_000)

    assert [p.dts for p in got] == [2 * GAP + 9000 + n * FRAME for n in range(3)]
    assert all(p.pts == p.dts and p.audio and p.key for p in got)


def test_what_comes_a_little_early_or_late_does_not_move_it():
    stream = beside()
    got = heard(stream, first=0, count=1, at_us=1_100_000)
    got += heard(stream, first=1, count=3, at_us=1_400_000)

    assert {b.dts - a.dts for a, b in pairwise(got)} == {FRAME}


def report(utc_us: int, timestamp: int) -> bytes:
    seconds, rest = divmod(utc_us, 1_000_000)
    return struct.pack(
        ">BBHIIIIII", 0x80, 200, 6, 1, seconds + 2_208_988_800, (rest << 32) // 1_000_000 + 1, timestamp, 0, 0
    )


NOON_US = 1_767_268_800_000_000


def test_the_camera_s_clock_says_where_sound_belongs():
    stream = beside()
    early = heard(stream, first=0, count=1, at_us=1_100_000)
    stream.control(report(NOON_US + 40_000, 50_000), 1_100_000)
    stream._beside.control(report(NOON_US, 0), 1_100_000)

    got = heard(stream, first=1, count=5, at_us=1_164_000)

    # Heard 40 ms after the first picture was taken, whatever the network made of it.
    due = [GAP + n * FRAME for n in range(1, 6)]
    assert [p.dts for p in got] == [dts for dts in due if dts > early[0].dts]
    assert 0 < len(got) < 5


def test_a_clock_that_cannot_be_right_is_not_believed():
    stream = beside()
    stream.control(report(NOON_US + 3_600_000_000, 50_000), 1_100_000)
    stream._beside.control(report(NOON_US, 0), 1_100_000)

    (frame,) = heard(stream, first=0, count=1, at_us=1_100_000)

    assert frame.dts == 2 * GAP + 9000


def test_where_playing_began_is_believed_until_a_clock_is_told():
    stream = beside()
    stream.clock.began, stream._beside.clock.began = 50_000 - 800, 0

    (frame,) = heard(stream, first=0, count=1, at_us=1_100_000)

    assert frame.dts == 800 * 90_000 // RATE


def test_sound_that_drifts_from_the_pictures_is_moved_as_soon_as_one_would_notice():
    video = opened()
    stream = SoundStream(sound(), video)
    key = units_of()[0][-1]
    late = []
    for n in range(720):
        # An hour in steps of five seconds; the clock of the sound is 100 millionths slow.
        at_us = n * 5_000_500
        video.control(report(NOON_US + n * 5_000_000, n * 450_000), at_us)
        stream.control(report(NOON_US + at_us, n * 5 * RATE), at_us)
        video.push(rtp(key, n, n * 450_000, marker=True), n * 5_000_000)
        late += [
            p.dts - at_us * 9 // 100 for p in stream.push(rtp(together([b"x"]), n, n * 5 * RATE, kind=KIND), at_us)
        ]

    assert len(late) > 700
    assert -LIPS_TICKS - 2 <= min(late) < -LIPS_TICKS // 2
    assert max(late) <= 2


def test_before_the_first_picture_there_is_no_place_for_sound():
    assert heard(SoundStream(sound(), opened()), first=0, count=2, at_us=0) == []


@pytest.mark.parametrize(
    ("fmtp", "words"),
    [
        ({**HBR, "config": ""}, "no config"),
        ({**HBR, "config": "xyz"}, "no config"),
        ({**HBR, "sizelength": "many"}, "how its packets of sound are built"),
        ({"config": "1408"}, "how its packets of sound are built"),
        ({**HBR, "config": "1400"}, "channels and sampling rate"),
    ],
)
def test_sound_that_cannot_be_recorded_is_said_to_be_so(fmtp, words):
    with pytest.raises(FormatError, match=words):
        SoundStream(sound(fmtp), opened())


def test_other_sound_is_not_recorded_and_other_wrappings_of_aac_are_refused():
    with pytest.raises(FormatError, match="sends PCMA"):
        SoundStream(sound(encoding="PCMA"), opened())
    with pytest.raises(StreamRefused, match="LATM"):
        SoundStream(sound(encoding="MP4A-LATM"), opened())
    with pytest.raises(StreamRefused, match="maxdisplacement"):
        SoundStream(sound({**HBR, "maxdisplacement": "5"}), opened())
