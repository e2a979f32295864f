"""Exported films: every picture once, in its place, in a file that FFmpeg finds nothing wrong with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.mp4_segments import WALL_US, Segment, record
from fakes.mp4_sources import film_pictures, packets_of, pictures, probe, seen
from vigil.errors import FormatError, Truncated
from vigil.frames.packet import Packet
from vigil.segments.mp4_boxes import top_level
from vigil.segments.mp4_file import Mp4File
from vigil.segments.mp4_join import Joined, Joiner
from vigil.segments.mp4_read import Fragment, read_init

S = 1_000_000


def moved(packets: Sequence[Packet], seconds: float) -> list[Packet]:
    """Return the packets as though the camera had sent them that much later."""
    ticks, us = round(seconds * 90_000), round(seconds * S)
    return [replace(p, pts=p.pts + ticks, dts=p.dts + ticks, at_us=p.at_us + us) for p in packets]


def add(joiner: Joiner, segment: Segment, fragments: Sequence[Fragment]) -> None:
    assert fragments[0].start_wall_us is not None
    joiner.begin(read_init(segment.read_at), start_wall_us=fragments[0].start_wall_us)
    for fragment in fragments:
        joiner.add(fragment, segment.read_at)


def join(segments: Sequence[Segment], path: Path, *, longest_still_s: float = 5.0) -> Joined:
    with path.open("wb") as out:
        joiner = Joiner(out.write, longest_still_s=longest_still_s)  # type: ignore[arg-type]
        for segment in segments:
            add(joiner, segment, segment.fragments())
        return joiner.finish()


@pytest.mark.parametrize(
    "name",
    ["plain", "b_frames", "variable_rate", "h265", "sound", *(pytest.param("h265_open_gop", marks=pytest.mark.slow),)],
)
def test_segments_become_the_film_they_were_cut_from(name: str, tmp_path: Path) -> None:
    packets = packets_of(name)
    video = pictures(packets)
    segments = record(packets, segment_s=1)
    assert len(segments) >= 2
    path = tmp_path / "film.mp4"

    joined = join(segments, path)

    found = seen(path)
    start = min(packet.pts for packet in video)
    assert found.times == [(packet.pts - start, packet.dts - start) for packet in video]
    assert found.pictures == film_pictures(name)
    assert found.complaints == ""
    assert joined.pictures == len(video)
    assert joined.pictures_skipped == 0
    assert joined.seams == []
    assert joined.size_bytes == path.stat().st_size


def test_the_film_is_an_ordinary_file_with_its_table_of_contents_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    joined = join(record(packets_of("b_frames"), segment_s=1), path)
    data = path.read_bytes()
    kinds = [found.kind for found in top_level(lambda offset, size: data[offset : offset + size])]
    facts = probe(path, "stream=nb_frames,avg_frame_rate,duration_ts,width,height")[0]

    assert kinds[0] == b"ftyp"
    assert kinds[-1] == b"moov"
    assert set(kinds[1:-1]) == {b"mdat"}
    assert b"mvex" not in data[-4096:]
    assert facts == {
        "width": "160",
        "height": "120",
        "avg_frame_rate": "25/1",
        "duration_ts": "270000",
        "nb_frames": "75",
    }
    assert joined.duration_us == 3 * S


def test_sound_goes_on_without_a_gap_over_the_seams(tmp_path: Path) -> None:
    packets = packets_of("sound")
    path = tmp_path / "film.mp4"
    segments = record(packets, segment_s=1)
    join(segments, path)

    found = [int(line["pts"]) for line in probe(path, "packet=pts", stream="a:0")]

    left_out = sum(segment.writer.sound_left_out for segment in segments if segment.writer)
    assert len(found) >= sum(len(f.audio) for s in segments for f in s.fragments())
    assert left_out <= len(segments), "what arrived behind the picture that it precedes"
    steps = {after - before for before, after in pairwise(found)}
    assert steps <= {1024, 2048}
    assert abs(found[0]) <= 1024


def test_a_short_gap_is_kept_as_a_picture_that_stands_still(tmp_path: Path) -> None:
    packets = pictures(packets_of("plain"))
    segments = record(packets) + record(moved(packets, 3 + 2))
    path = tmp_path / "film.mp4"

    joined = join(segments, path)

    (seam,) = joined.seams
    assert (seam.film_us, seam.gap_us, seam.shown_us) == (3 * S, 2 * S, 2 * S)
    assert seam.wall_us == WALL_US + packets[-1].at_us + 40_000
    assert joined.duration_us == 8 * S
    start = packets[0].pts
    expected = [p.pts - start for p in packets] + [p.pts - start + 5 * 90_000 for p in packets]
    found = seen(path)
    assert [pts for pts, _ in found.times] == expected
    assert found.complaints == ""


def test_a_long_gap_is_told_and_shortened(tmp_path: Path) -> None:
    packets = pictures(packets_of("b_frames"))
    segments = record(packets) + record(moved(packets, 40_000))
    path = tmp_path / "film.mp4"

    joined = join(segments, path, longest_still_s=1)

    (seam,) = joined.seams
    assert (seam.gap_us, seam.shown_us) == (39_997 * S, 1 * S)
    assert joined.duration_us == 7 * S
    found = seen(path)
    assert len(found.pictures) == 2 * len(packets)
    assert found.complaints == ""


def test_an_overlap_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    packets = pictures(packets_of("b_frames"))
    path = tmp_path / "film.mp4"

    joined = join(record(packets) + record(moved(packets, 1)), path)

    (seam,) = joined.seams
    assert (seam.gap_us, seam.shown_us) == (-2 * S, 0)
    assert joined.pictures == 2 * len(packets)
    assert seen(path).complaints == ""


def test_times_of_arrival_that_jitter_make_no_seam(tmp_path: Path) -> None:
    video = pictures(packets_of("plain"))
    first, second, third = record(video, segment_s=1)
    path = tmp_path / "film.mp4"
    with path.open("wb") as out:
        joiner = Joiner(out.write)  # type: ignore[arg-type]
        for segment, late_us in ((first, 0), (second, 140_000), (third, -140_000)):
            start = segment.fragments()[0].start_wall_us
            assert start
            joiner.begin(read_init(segment.read_at), start_wall_us=start + late_us)
            for fragment in segment.fragments():
                joiner.add(fragment, segment.read_at)
        joined = joiner.finish()

    assert joined.seams == []
    assert [pts for pts, _ in seen(path).times] == [3600 * n for n in range(len(video))]


@pytest.mark.parametrize("order", [("plain", "b_frames"), ("b_frames", "plain"), ("sound", "cropped", "sound")])
def test_a_changed_codec_goes_on_in_the_same_film(order: tuple[str, ...], tmp_path: Path) -> None:
    segments = []
    for n, name in enumerate(order):
        segments += record(moved(packets_of(name), 3 * n))
    path = tmp_path / "film.mp4"

    joined = join(segments, path)

    found = seen(path)
    shown = sorted(pts for pts, _ in found.times)
    assert joined.seams == []
    assert len(found.times) == joined.pictures == 75 * len(order)
    assert len(set(shown)) == len(shown), "no two pictures at the same time"
    assert found.complaints == ""
    if "cropped" not in order:  # FFmpeg's digests are of pictures scaled to the first size
        assert found.pictures == [digest for name in order for digest in film_pictures(name)]
    data = path.read_bytes()
    replayed = list(Mp4File(lambda offset, size: data[offset : offset + size], len(data)).packets())
    assert [p.data for p in pictures(replayed)] == [p.data for name in order for p in pictures(packets_of(name))]
    assert [p.codec for p in pictures(replayed)] == [p.codec for name in order for p in pictures(packets_of(name))]


def test_an_export_may_begin_in_the_middle_at_a_keyframe(tmp_path: Path) -> None:
    packets = packets_of("sound")
    (segment,) = record(packets)
    fragments = segment.fragments()
    path = tmp_path / "film.mp4"
    with path.open("wb") as out:
        joiner = Joiner(out.write)  # type: ignore[arg-type]
        add(joiner, segment, fragments[1:])
        joined = joiner.finish()

    video = pictures(packets)
    from_key = next(n for n, packet in enumerate(video) if n >= len(fragments[0].video) and packet.key)
    assert joined.pictures == len(video) - from_key
    assert joined.pictures_skipped == from_key - len(fragments[0].video) > 0
    found = seen(path)
    assert found.pictures == film_pictures("sound")[from_key:]
    assert found.times[0] == (0, 0)
    assert found.complaints == ""
    data = path.read_bytes()
    replayed = list(Mp4File(lambda offset, size: data[offset : offset + size], len(data)).packets())
    first = next(packet for packet in replayed if packet.audio)
    due = next(packet for packet in packets if packet.audio and packet.dts >= video[from_key].pts)
    assert first.data == due.data
    assert abs(first.dts - (due.dts - video[from_key].pts)) <= 3


def test_a_camera_that_states_decoding_after_showing_still_makes_a_film(tmp_path: Path) -> None:
    packets = [replace(packet, dts=packet.dts + 7200) for packet in pictures(packets_of("plain"))]
    path = tmp_path / "film.mp4"

    join(record(packets), path)

    assert [pts for pts, _ in seen(path).times] == [3600 * n for n in range(len(packets))]
    data = path.read_bytes()
    replayed = Mp4File(lambda offset, size: data[offset : offset + size], len(data)).packets()
    assert [packet.pts for packet in replayed] == [3600 * n for n in range(len(packets))]


def test_sound_lies_end_to_end_although_pictures_jitter_at_the_seam(tmp_path: Path) -> None:
    packets = packets_of("sound")
    late = packets[0].dts + 85_000
    packets = tuple(p if p.audio or p.dts < late else replace(p, pts=p.pts + 1, dts=p.dts + 1) for p in packets)
    segments = record(packets, segment_s=1)
    path = tmp_path / "film.mp4"
    join(segments, path)

    found = [int(line["pts"]) for line in probe(path, "packet=pts", stream="a:0")]

    assert {after - before for before, after in pairwise(found)} <= {1024, 2048}


def test_a_film_larger_than_four_gigabytes_has_large_offsets() -> None:
    # Nothing of that size is written: the places in the file are counted, the bytes are thrown away.
    (segment,) = record(pictures(packets_of("plain")))
    written = bytearray()
    joiner = Joiner(written.extend)
    joiner._size_bytes = 5 << 30
    add(joiner, segment, segment.fragments())
    joiner.finish()

    assert b"co64" in written
    assert b"stco" not in written


def test_without_a_picture_there_is_no_film() -> None:
    with pytest.raises(FormatError, match="not one picture"):
        Joiner(lambda _: None).finish()


def test_a_segment_that_ends_within_a_fragment_is_told() -> None:
    (segment,) = record(pictures(packets_of("plain")))
    fragments = segment.fragments()
    short = Segment(segment.data[: segment.ends[1] - 1])
    joiner = Joiner(lambda _: None)
    joiner.begin(read_init(segment.read_at), start_wall_us=WALL_US)

    with pytest.raises(Truncated):
        joiner.add(fragments[0], short.read_at)


def test_a_film_does_not_change_from_h264_to_h265() -> None:
    (old,), (new,) = record(packets_of("plain")), record(packets_of("h265"))
    joiner = Joiner(lambda _: None)
    assert joiner.accepts(read_init(new.read_at))
    joiner.begin(read_init(old.read_at), start_wall_us=WALL_US)

    assert not joiner.accepts(read_init(new.read_at))
    with pytest.raises(FormatError, match="another"):
        joiner.begin(read_init(new.read_at), start_wall_us=WALL_US)


@pytest.mark.parametrize("seconds", [-1, 3601])
def test_a_stand_still_without_measure_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="longest_still_s"):
        Joiner(lambda _: None, longest_still_s=seconds)
