"""Finding everything again: whole, from the middle, cut short, and damaged."""

from __future__ import annotations

import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.mp4_segments import WALL_US, Segment, record
from fakes.mp4_sources import codecs, film, packets_of, pictures
from vigil.errors import FormatError, Truncated
from vigil.segments.mp4_boxes import box, free_box
from vigil.segments.mp4_read import LARGEST_FRAGMENT, Fragment, ReadAt, Stream, read_fragments, read_init


def segment_of(name: str) -> Segment:
    return record(packets_of(name))[0]


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def data_of(read_at: ReadAt, fragments: list[Fragment]) -> list[bytes]:
    return [read_at(sample.offset, sample.size) for fragment in fragments for sample in fragment.video]


@pytest.mark.parametrize("name", ["plain", "b_frames", "late_b_frames", "variable_rate", "h265", "sound"])
def test_every_picture_is_found_with_its_time_duration_and_kind(name: str) -> None:
    packets = packets_of(name)
    segment = segment_of(name)
    fragments = segment.fragments()
    video = pictures(packets)
    start = min(packet.pts for packet in video)
    samples = [sample for fragment in fragments for sample in fragment.video]

    assert data_of(segment.read_at, fragments) == [packet.data for packet in video]
    assert [(s.pts, s.dts, s.key) for s in samples] == [(p.pts - start, p.dts - start, p.key) for p in video]
    # Each lasts until the next begins; nothing follows the last one.
    assert [s.duration for s in samples[:-1]] == [after.dts - before.dts for before, after in pairwise(video)]
    init = read_init(segment.read_at)
    assert (init.video, init.audio) == codecs(packets)


def test_sound_is_found_beside_the_pictures() -> None:
    segment = segment_of("sound")
    fragments = segment.fragments()
    sound = [packet for packet in segment.packets if packet.audio]
    samples = [sample for fragment in fragments for sample in fragment.audio]

    # The encoder's first slice came before the first picture and is left out.
    assert [segment.read_at(s.offset, s.size) for s in samples] == [p.data for p in sound[-len(samples) :]]
    assert len(sound) - len(samples) <= 1
    assert {s.duration for s in samples} == {1024}


def test_each_fragment_says_when_its_first_picture_arrived() -> None:
    segment = segment_of("b_frames")
    fragments = segment.fragments()
    by_data = {packet.data: packet for packet in segment.packets}
    start = min(packet.pts for packet in segment.packets)

    assert fragments
    for fragment in fragments:
        first = by_data[segment.read_at(fragment.video[0].offset, fragment.video[0].size)]
        assert fragment.wall_us == WALL_US + first.at_us
        assert fragment.wall_pts == first.pts - start == fragment.video[0].pts


def test_fragments_lie_end_to_end_and_are_numbered() -> None:
    segment = segment_of("plain")
    fragments = segment.fragments()

    assert [fragment.end for fragment in fragments] == segment.ends[1:]
    assert [fragment.offset for fragment in fragments] == segment.ends[:-1]
    assert [fragment.sequence for fragment in fragments] == list(range(1, len(fragments) + 1))


def test_reading_may_begin_in_the_middle_and_touches_nothing_before() -> None:
    segment = segment_of("b_frames")
    init = read_init(segment.read_at)
    from_there = segment.ends[3]

    def read_at(offset: int, size: int) -> bytes:
        assert offset >= from_there
        return segment.read_at(offset, size)

    assert list(read_fragments(read_at, init.movie, offset=from_there)) == segment.fragments()[3:]


@pytest.mark.parametrize("size", [1, 7, 100, 65_536])
def test_a_stream_in_chunks_of_any_size_is_read_as_a_file_is(size: int) -> None:
    segment = segment_of("sound")
    stream = Stream(chunks(segment.data, size))
    init = read_init(stream.read_at)
    data, fragments = [], []

    for fragment in read_fragments(stream, init.movie, offset=init.end):
        fragments.append(fragment)
        data += data_of(stream.read_at, [fragment])

    assert fragments == segment.fragments()
    assert data == data_of(segment.read_at, fragments)


def test_a_stream_lets_go_of_what_was_read() -> None:
    segment = segment_of("plain")
    stream = Stream(chunks(segment.data, 100))
    init = read_init(stream.read_at)
    fragments = read_fragments(stream, init.movie, offset=init.end)
    next(fragments)
    next(fragments)

    with pytest.raises(ValueError, match="forgotten"):
        stream.read_at(0, 1)


def test_a_box_too_large_to_hold_is_refused_before_it_is_read() -> None:
    def endless() -> object:
        yield box(b"moof")
        while True:
            yield bytes(1 << 20)

    stream = Stream(endless())  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="larger than"):
        stream.read_at(0, LARGEST_FRAGMENT + 1)


def test_free_and_unknown_boxes_are_skipped() -> None:
    segment = segment_of("plain")
    cut = segment.ends[2]
    padding = free_box(8) + free_box(1000) + box(b"uuid", b"what is this")
    padded = Segment(segment.data[:cut] + padding + segment.data[cut:] + free_box(8))

    assert data_of(padded.read_at, padded.fragments()) == data_of(segment.read_at, segment.fragments())
    assert padded.fragments()[2].offset == cut + len(padding)


def test_cut_anywhere_everything_whole_is_found_and_then_the_cut_is_told() -> None:
    packets = packets_of("sound")[:40]
    segment = record(packets)[0]
    init = read_init(segment.read_at)
    complete = segment.fragments()
    assert len(complete) >= 2

    # Every place in the boxes; within the pictures, which are opaque, some.
    boxes = {end + n for end in segment.ends for n in range(400)} | {end - 1 for end in segment.ends}
    cuts = sorted((boxes | set(range(init.end, len(segment.data), 97))) & set(range(init.end, len(segment.data))))
    assert len(cuts) > 800
    for cut in cuts:
        short = Segment(segment.data[:cut])
        reading = read_fragments(short.read_at, init.movie, offset=init.end)
        found = []
        if cut in segment.ends:
            found += reading
        else:
            with pytest.raises(Truncated):
                for fragment in reading:
                    found.append(fragment)
        assert found == complete[: sum(end <= cut for end in segment.ends[1:])]


def test_cut_within_the_beginning_there_is_nothing_to_read() -> None:
    segment = segment_of("plain")
    for cut in range(segment.ends[0]):
        with pytest.raises(Truncated):
            read_init(Segment(segment.data[:cut]).read_at)


def test_the_time_of_arrival_is_read_as_ffmpeg_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "wallclock.mp4"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(film("b_frames")),
        "-c",
        "copy",
        "-movflags",
        "+frag_keyframe+delay_moov",
    ]
    before = time.time_ns() // 1000
    subprocess.run([*command, "-write_prft", "wallclock", path], check=True)
    after = time.time_ns() // 1000
    theirs = Segment(path.read_bytes())
    fragments = theirs.fragments()
    video = pictures(packets_of("b_frames"))
    start = min(packet.pts for packet in video)
    ticks = 90_000 / read_init(theirs.read_at).movie.video.timescale

    assert len(fragments) == 3, "one for each keyframe"
    assert all(fragment.wall_us and before <= fragment.wall_us <= after for fragment in fragments)
    samples = [sample for fragment in fragments for sample in fragment.video]
    assert [(round(s.pts * ticks), s.key) for s in samples] == [(p.pts - start, p.key) for p in video]
    assert data_of(theirs.read_at, fragments) == [packet.data for packet in video]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_raises_nothing_but_format_error_or_truncated(data: st.DataObject) -> None:
    segment = record(packets_of("sound")[:40])[0]
    damaged = bytearray(segment.data)
    # Most of a file is pictures, whose damage is not ours to see: aim at the boxes.
    headers = [0, *segment.ends]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.sampled_from(headers)) + data.draw(st.integers(0, 400))
        if at < len(damaged):
            damaged[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged))) :]
    read_everything(bytes(damaged))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_format_error_or_truncated(data: bytes) -> None:
    read_everything(data)
    read_everything(box(b"moov", data))


def read_everything(data: bytes) -> None:
    segment = Segment(data)
    try:
        init = read_init(segment.read_at)
        for fragment in read_fragments(segment.read_at, init.movie, offset=init.end):
            data_of(segment.read_at, [fragment])
    except (FormatError, Truncated):
        pass
