"""Our fragmented MP4, as FFmpeg reads it."""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.mp4_segments import WALL_US, Segment, cuts, record, write
from fakes.mp4_sources import FILMS, film_pictures, packets_of, pictures, probe, seen
from vigil.errors import FormatError
from vigil.frames.packet import Packet, VideoCodec
from vigil.segments.cutter import Begin, Cut, End, Fragment, Why
from vigil.segments.mp4 import PRFT_FLAGS, FragmentWriter
from vigil.segments.mp4_boxes import free_box, ntp, top_level, wall_us


def expected(packets: list[Packet]) -> list[tuple[int, int]]:
    """The earliest picture plays at 0."""
    start = min(packet.pts for packet in packets)
    return [(packet.pts - start, packet.dts - start) for packet in packets]


def saved(segment: Segment, folder: Path, name: str = "segment.mp4") -> Path:
    path = folder / name
    path.write_bytes(segment.data)
    return path


def test_there_are_films_to_check() -> None:
    assert set(FILMS) > QUICK


QUICK = {"plain", "b_frames", "late_b_frames", "variable_rate", "h265", "sound"}


@pytest.mark.parametrize(
    "name",
    # FFmpeg takes a good part of a second for each film; the others differ in what `tests/frames` looks at.
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FILMS],
)
def test_what_goes_in_comes_out_of_ffmpeg(name: str, tmp_path: Path) -> None:
    packets = packets_of(name)
    (segment,) = record(packets)

    found = seen(saved(segment, tmp_path))

    assert found.times == expected(pictures(packets))
    assert found.pictures == film_pictures(name)
    assert found.complaints == ""


def test_pictures_that_change_their_order_late_do_not_jump_in_a_pipe(tmp_path: Path) -> None:
    # Out of a pipe FFmpeg knows only what has come so far, and corrects for negative offsets from there on.
    video = pictures(packets_of("late_b_frames"))
    first_half_second = video[:12]
    assert min(p.pts - p.dts for p in first_half_second) > min(p.pts - p.dts for p in video)

    found = seen(saved(record(video)[0], tmp_path), piped=True)

    assert found.times == expected(video)
    assert found.complaints == ""


@pytest.mark.parametrize("name", ["b_frames", "sound"])
def test_segments_of_a_second_each_play_alone(name: str, tmp_path: Path) -> None:
    packets = packets_of(name)
    segments = record(packets, segment_s=1)
    assert len(segments) == 3

    hashes = []
    for segment in segments:
        found = seen(saved(segment, tmp_path))
        assert found.times == expected(pictures(segment.packets))
        assert found.complaints == ""
        hashes += found.pictures

    assert hashes == film_pictures(name)


def guessed(packets: list[Packet], sizes: list[int]) -> list[Cut]:
    """Fragments closed by time alone: nothing is known of what follows."""
    first = packets[0]
    said: list[Cut] = [Begin(first.codec, None, first)]  # type: ignore[arg-type]
    at = 0
    for size in sizes:
        said.append(Fragment(tuple(packets[at : at + size]), None))
        at += size
    return [*said, End(Why.ASKED)]


def test_a_guessed_duration_is_put_right_by_the_next_fragment(tmp_path: Path) -> None:
    video = pictures(packets_of("variable_rate"))
    (segment,) = write(guessed(video, [1, 2, 3, *[1] * (len(video) - 6)]))

    found = seen(saved(segment, tmp_path))

    assert found.times == expected(video)
    assert found.complaints == ""


def test_a_guess_is_never_longer_than_half_a_second() -> None:
    first, second = pictures(packets_of("plain"))[:2]
    slow = replace(second, pts=second.pts + 900_000, dts=second.dts + 900_000)
    writer = FragmentWriter(first.codec, None)  # type: ignore[arg-type]
    writer.init([first, slow], wall_us=WALL_US)

    data = b"".join(writer.fragment([first, slow], end_dts=None, wall_us=WALL_US))

    run = data.index(b"trun") + 16
    assert struct.unpack_from(">I", data, run)[0] == slow.dts - first.dts
    assert struct.unpack_from(">I", data, run + 16)[0] == 45_000


def test_sound_keeps_its_place_beside_the_pictures(tmp_path: Path) -> None:
    packets = packets_of("sound")
    (segment,) = record(packets)
    path = saved(segment, tmp_path)
    sound = [packet for packet in packets if packet.audio]
    start = min(packet.pts for packet in packets if not packet.audio)

    found = probe(path, "packet=pts,duration", stream="a:0")

    # The encoder's first slice is there to warm up; its time lies before the first picture.
    placed = [packet for packet in sound if packet.dts >= start]
    assert len(sound) - len(placed) == 1
    assert [int(line["pts"]) for line in found] == [1024 * n for n in range(len(placed))]
    assert {line["duration"] for line in found} == {"1024"}
    assert probe(path, "stream=codec_name,sample_rate,channels,start_pts", stream="a:0") == [
        {"codec_name": "aac", "sample_rate": "44100", "channels": "1", "start_pts": "0"}
    ]


def test_sound_whose_times_are_rounded_badly_still_lies_end_to_end(tmp_path: Path) -> None:
    packets = [
        replace(packet, pts=packet.pts - n % 4, dts=packet.dts - n % 4) if packet.audio else packet
        for n, packet in enumerate(packets_of("sound"))
    ]
    path = saved(record(packets)[0], tmp_path)

    found = [int(line["pts"]) for line in probe(path, "packet=pts", stream="a:0")]

    assert {after - before for before, after in pairwise(found)} == {1024}


def test_sound_after_a_silence_is_not_pulled_forward(tmp_path: Path) -> None:
    packets = [p for p in packets_of("sound") if not p.audio or not 990_000 <= p.dts < 1_080_000]
    path = saved(record(packets)[0], tmp_path)
    start = min(packet.pts for packet in packets if not packet.audio)
    placed = [packet.dts - start for packet in packets if packet.audio and packet.dts >= start]

    found = [int(line["pts"]) for line in probe(path, "packet=pts", stream="a:0")]

    assert len(found) == len(placed)
    assert all(abs(at * 90_000 / 44_100 - due) <= 4 for at, due in zip(found, placed, strict=True))


def test_one_slice_of_sound_from_the_far_future_does_not_silence_the_rest(tmp_path: Path) -> None:
    packets = list(packets_of("sound"))
    number = next(n for n, packet in enumerate(packets) if packet.audio and n > 20)
    packets[number] = replace(packets[number], pts=1 << 50, dts=1 << 50)
    path = saved(record(packets)[0], tmp_path)
    start = min(packet.pts for packet in pictures(packets))

    found = probe(path, "packet=pts", stream="a:0")

    assert len(found) == sum(packet.audio and start <= packet.dts < 1 << 50 for packet in packets)


def test_a_fragment_of_sound_alone_is_written() -> None:
    packets = packets_of("sound")
    video = pictures(packets)
    writer = FragmentWriter(video[0].codec, packets[1].codec if packets[1].audio else packets[0].codec)  # type: ignore[arg-type]
    writer.init(video[:1], wall_us=WALL_US)
    sound = [packet for packet in packets if packet.audio][5:7]

    data = b"".join(writer.fragment(sound, end_dts=None, wall_us=WALL_US))

    assert struct.unpack_from(">I", data, 12)[0] == 2, "prft speaks of the sound track"
    assert data.endswith(sound[0].data + sound[1].data)


def test_a_fragment_in_which_nothing_has_a_place_is_empty() -> None:
    packets = packets_of("sound")
    video, early = pictures(packets), next(packet for packet in packets if packet.audio)
    writer = FragmentWriter(video[0].codec, early.codec)  # type: ignore[arg-type]
    writer.init(video[:1], wall_us=WALL_US)

    assert writer.fragment([early], end_dts=None, wall_us=WALL_US) == []


def test_a_fragment_is_prft_moof_mdat_and_states_when_its_first_picture_arrived() -> None:
    (segment,) = record(pictures(packets_of("b_frames")))
    boxes = list(top_level(segment.read_at))

    assert [box.kind for box in boxes[:5]] == [b"ftyp", b"moov", b"prft", b"moof", b"mdat"]
    assert boxes[-1].end == len(segment.data)
    first = segment.packets[0]
    prft = segment.data[boxes[2].content : boxes[2].end]
    flags, track, ntp_time, media_time = struct.unpack(">IIQQ", prft)
    assert (flags, track) == (1 << 24 | PRFT_FLAGS, 1)
    assert wall_us(ntp_time) == WALL_US + first.at_us
    assert media_time == first.pts - first.dts


def test_an_edit_list_is_there_only_where_pictures_change_their_order() -> None:
    assert b"elst" not in record(packets_of("plain"))[0].data
    assert b"elst" in record(packets_of("b_frames"))[0].data


def test_pictures_shown_before_the_keyframe_they_follow_are_not_lost(tmp_path: Path) -> None:
    # A segment that begins at a CRA picture: what leads up to it is shown first. FFmpeg's parser sees all of it,
    # its decoder rightly leaves out what looks back across the start.
    video = pictures(packets_of("h265_open_gop"))
    second_key = [n for n, packet in enumerate(video) if packet.key][1]
    rest = video[second_key:]
    assert min(packet.pts for packet in rest) < rest[0].pts

    found = seen(saved(record(rest)[0], tmp_path))

    assert found.times == expected(rest)
    assert min(pts for pts, _ in found.times) == 0


def test_free_boxes_anywhere_between_boxes_change_nothing(tmp_path: Path) -> None:
    (segment,) = record(packets_of("b_frames"))
    cut = segment.ends[2]
    padded = Segment(segment.data[:cut] + free_box(8) + free_box(70_000) + segment.data[cut:] + free_box(8))

    found = seen(saved(padded, tmp_path))

    assert found.times == expected(pictures(segment.packets))
    assert found.complaints == ""


@pytest.mark.parametrize("size", [0, 7, 1 << 32])
def test_a_free_box_of_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="free box"):
        free_box(size)


@pytest.mark.parametrize("size", [8, 9, 65_536])
def test_a_free_box_has_the_size_asked_for(size: int) -> None:
    assert len(free_box(size)) == size


@pytest.mark.parametrize("at_us", [0, 1, 999_999, WALL_US + 123_457, 2_085_978_496_000_000, 4_000_000_000_000_001])
def test_ntp_keeps_every_microsecond_also_after_2036(at_us: int) -> None:
    assert wall_us(ntp(at_us)) == at_us


def test_parameter_sets_that_cannot_be_read_make_no_file() -> None:
    first = pictures(packets_of("plain"))[0]
    assert isinstance(first.codec, VideoCodec)
    writer = FragmentWriter(replace(first.codec, parameter_sets=(b"\x67", b"\x68\xee")), None)

    with pytest.raises(FormatError):
        writer.init([first], wall_us=WALL_US)


def test_the_cutter_hands_over_every_packet_once() -> None:
    packets = packets_of("sound")
    handed = [packet for cut in cuts(packets, segment_s=1) if isinstance(cut, Fragment) for packet in cut.packets]

    early = [packet for packet in packets if packet not in handed]
    assert handed == [packet for packet in packets if packet not in early]
    assert all(packet.audio for packet in early)
