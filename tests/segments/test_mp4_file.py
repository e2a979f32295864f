"""Films from elsewhere, standing in for a camera."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.mp4_segments import Segment, record
from fakes.mp4_sources import FILMS, codecs, film, packets_of, pictures
from vigil.errors import FormatError, Truncated
from vigil.frames.nal import split_lengths
from vigil.frames.packet import Packet
from vigil.segments.mp4_boxes import box
from vigil.segments.mp4_file import Mp4File
from vigil.segments.mp4_join import Joiner
from vigil.segments.mp4_read import read_fragments, read_init


def opened(data: bytes) -> Mp4File:
    return Mp4File(Segment(data).read_at, len(data))


def times(packets: list[Packet]) -> list[tuple[int, int, bool]]:
    """Times from the first picture on: our reader applies the edit list, FFmpeg's packets are from 10 s on."""
    start = min(packet.pts for packet in packets)
    return [(packet.pts - start, packet.dts - start, packet.key) for packet in packets]


@pytest.mark.parametrize("name", FILMS)
def test_every_picture_of_a_film_comes_out_as_a_camera_would_send_it(name: str) -> None:
    file = opened(film(name).read_bytes())
    found = list(file.packets())
    expected = packets_of(name)

    both = zip(pictures(found), pictures(expected), strict=True)
    # x265 signs its work in hvcC; FFmpeg repeats that message at every keyframe, we leave it out.
    assert all(theirs.data.endswith(ours.data) for ours, theirs in both)
    assert times(pictures(found)) == times(pictures(expected))
    assert (file.video, file.audio) == codecs(expected)
    assert {packet.codec for packet in pictures(found)} == {codecs(expected)[0]}


def test_pictures_and_sound_come_in_the_order_of_decoding_and_the_first_picture_plays_at_0() -> None:
    found = list(opened(film("fragmented").read_bytes()).packets())
    sound = [packet for packet in found if packet.audio]

    assert [packet.dts for packet in found] == sorted(packet.dts for packet in found)
    assert min(packet.pts for packet in pictures(found)) == 0
    assert [packet.data for packet in sound] == [packet.data for packet in packets_of("fragmented") if packet.audio]
    assert all(packet.codec == codecs(packets_of("fragmented"))[1] for packet in sound)


def test_a_packet_is_due_when_its_film_says() -> None:
    found = list(opened(film("variable_rate").read_bytes()).packets())

    assert [packet.at_us for packet in found] == [(p.dts - found[0].dts) * 100 // 9 for p in found]


def test_our_own_segments_can_be_replayed() -> None:
    packets = packets_of("sound")
    (segment,) = record(packets)
    found = list(opened(segment.data).packets())

    assert [packet.data for packet in pictures(found)] == [packet.data for packet in pictures(packets)]
    assert times(pictures(found)) == times(pictures(packets))


def test_lengths_of_two_bytes_become_lengths_of_four() -> None:
    video = pictures(packets_of("slices"))
    short = [replace(p, data=b"".join(len(u).to_bytes(2, "big") + u for u in split_lengths(p.data))) for p in video]
    (segment,) = record(short)
    at = segment.data.index(b"avcC") + 4 + 4
    assert segment.data[at] == 0xFF
    data = segment.data[:at] + b"\xfd" + segment.data[at + 1 :]

    assert [packet.data for packet in opened(data).packets()] == [packet.data for packet in video]


def test_sound_that_begins_later_stays_later() -> None:
    packets = [p for p in packets_of("sound") if not p.audio or p.dts > 945_000]
    (segment,) = record(packets)
    written = bytearray()
    joiner = Joiner(written.extend)
    init = read_init(segment.read_at)
    joiner.begin(init, start_wall_us=0)
    for fragment in read_fragments(segment.read_at, init.movie, offset=init.end):
        joiner.add(fragment, segment.read_at)
    joiner.finish()

    found = list(opened(bytes(written)).packets())

    start = min(packet.pts for packet in packets)
    expected = [packet.dts - start for packet in packets if packet.audio]
    times = [packet.dts for packet in found if packet.audio]
    assert times[0] > 44_000
    assert all(abs(at - due) <= 3 for at, due in zip(times, expected, strict=True))


@pytest.mark.parametrize("flags", ["+faststart", "+negative_cts_offsets", "+rtphint", "+empty_moov+default_base_moof"])
def test_the_ways_ffmpeg_writes_mp4_make_no_difference(flags: str, tmp_path: Path) -> None:
    path = tmp_path / "other.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(film("b_frames")), "-c", "copy", "-movflags", flags, str(path)]
    subprocess.run(command, check=True)
    found = list(opened(path.read_bytes()).packets())
    expected = pictures(packets_of("b_frames"))

    assert [packet.data for packet in found] == [packet.data for packet in expected]
    assert [pts for pts, _, _ in times(found)] == [pts for pts, _, _ in times(expected)]


def test_quicktime_sound_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "quicktime.mov"
    subprocess.run(["ffmpeg", "-v", "error", "-i", film("sound"), "-c", "copy", "-f", "mov", path], check=True)

    assert opened(path.read_bytes()).audio == codecs(packets_of("sound"))[1]


def test_a_film_in_another_codec_is_named_as_what_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mpeg4.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", film("plain"), "-c:v", "mpeg4", path], check=True)

    with pytest.raises(FormatError, match=r"no track of H\.264 or H\.265"):
        opened(path.read_bytes())


def test_a_file_that_was_not_finished_is_truncated() -> None:
    data = film("plain").read_bytes()
    assert data.index(b"moov") > data.index(b"mdat")

    for cut in (0, 20, 4000, len(data) - 1):
        with pytest.raises(Truncated):
            opened(data[:cut])


def test_a_film_cut_short_plays_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "faststart.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(film("plain")), "-c", "copy", "-movflags", "+faststart", str(path)]
    subprocess.run(command, check=True)
    data = path.read_bytes()
    found = []

    with pytest.raises(Truncated):
        for packet in opened(data[: len(data) * 2 // 3]).packets():
            found.append(packet.data)

    assert len(found) > 10
    assert found == [packet.data for packet in pictures(packets_of("plain"))[: len(found)]]


@pytest.mark.parametrize(
    ("table", "at", "value"),
    [
        (b"stsz", 8, 1 << 31),  # as many samples, their sizes in the table
        (b"stsz", 4, 1 << 20),  # each a megabyte
        (b"stts", 8, 1),  # times for one sample only
        (b"stsc", 8, 2),  # the first chunk is the second
        (b"stsc", 16, 9),  # a sample entry that is not there
        (b"stco", 4, 1 << 30),  # chunks without end
        (b"stco", 8, 0xFFFF_FFF0),  # behind the end of the file
    ],
)
def test_tables_that_contradict_each_other_are_refused(table: bytes, at: int, value: int) -> None:
    data = bytearray(film("plain").read_bytes())
    struct.pack_into(">I", data, data.index(table) + 4 + at, value)

    with pytest.raises((FormatError, Truncated)):
        list(opened(bytes(data)).packets())


def moov_of(name: str) -> tuple[int, bytes]:
    data = film(name).read_bytes()
    return data.index(b"moov") - 4, data


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from(["sound", "h265", "fragmented"]))
def test_damage_raises_nothing_but_format_error_or_truncated(data: st.DataObject, name: str) -> None:
    begin, original = moov_of(name)
    damaged = bytearray(original)
    end = begin + int.from_bytes(damaged[begin : begin + 4], "big")
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(begin, end - 1))] = data.draw(st.integers(0, 255))
    play(bytes(damaged))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_format_error_or_truncated(data: bytes) -> None:
    play(data)
    play(box(b"moov", data))


def play(data: bytes) -> None:
    try:
        for _ in opened(data).packets():
            pass
    except (FormatError, Truncated):
        pass
