"""The vectors of docs/spec/mp4.md, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.mp4_segments import Segment
from fakes.mp4_sources import seen
from vigil.errors import FormatError, Truncated
from vigil.frames.packet import AudioCodec, Packet, VideoCodec
from vigil.segments.mp4 import FragmentWriter, overhead_bytes
from vigil.segments.mp4_read import read_fragments, read_init

FOLDER = Path(__file__).parent.parent / "vectors" / "mp4"
VECTORS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
WRITTEN = [name for name, vector in VECTORS.items() if "fragments" in vector]
READ = [name for name, vector in VECTORS.items() if "file" in vector]
VERDICTS: dict[str, type[Exception] | None] = {"success": None, "Truncated": Truncated, "FormatError": FormatError}


def test_there_are_vectors_and_each_says_only_what_the_format_of_vectors_has() -> None:
    assert len(WRITTEN) >= 5
    assert len(READ) >= 10
    for name, vector in VECTORS.items():
        if name in WRITTEN:
            assert set(vector) == {"comment", "expect", "wall_us", "video", "audio", "init", "fragments"}
        else:
            assert set(vector) == {"comment", "expect", "whole_fragments", "file"}
        assert vector["expect"] in VERDICTS


def codecs(vector: dict[str, Any]) -> tuple[VideoCodec, AudioCodec | None]:
    video, audio = vector["video"], vector["audio"]
    sets = tuple(bytes.fromhex(unit) for unit in video["parameter_sets"])
    return (
        VideoCodec(video["name"], video["width"], video["height"], sets),
        AudioCodec(audio["sample_rate"], audio["channels"], bytes.fromhex(audio["config"])) if audio else None,
    )


def packets(vector: dict[str, Any]) -> list[list[Packet]]:
    video, audio = codecs(vector)
    return [
        [
            Packet(bytes.fromhex(p["data"]), p["pts"], p["dts"], 0, p["key"], (sound and audio) or video, audio=sound)
            for p in fragment["packets"]
            for sound in [p["track"] == "audio"]
        ]
        for fragment in vector["fragments"]
    ]


def whole(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["init"] + "".join(fragment["bytes"] for fragment in vector["fragments"]))


@pytest.mark.parametrize("name", WRITTEN)
def test_the_writer_puts_out_these_bytes(name: str) -> None:
    vector = VECTORS[name]
    groups = packets(vector)
    writer = FragmentWriter(*codecs(vector))

    assert writer.init(groups[0], wall_us=vector["wall_us"]).hex() == vector["init"]
    for group, fragment in zip(groups, vector["fragments"], strict=True):
        written = b"".join(writer.fragment(group, end_dts=fragment["end_dts"], wall_us=fragment["wall_us"]))
        assert written.hex() == fragment["bytes"]
        if not writer.sound_left_out:
            sounds = sum(packet.audio for packet in group)
            payload = sum(len(packet.data) for packet in group)
            assert len(written) == overhead_bytes(len(group) - sounds, sounds) + payload


@pytest.mark.parametrize("name", WRITTEN)
def test_the_reader_finds_in_them_what_was_written(name: str) -> None:
    vector = VECTORS[name]
    segment = Segment(whole(vector))
    init = read_init(segment.read_at)
    fragments = list(read_fragments(segment.read_at, init.movie, offset=init.end))
    video = [packet for group in packets(vector) for packet in group if not packet.audio]
    start = min(packet.pts for packet in video)
    samples = [sample for fragment in fragments for sample in fragment.video]

    assert (init.video, init.audio) == codecs(vector)
    assert [fragment.wall_us for fragment in fragments] == [fragment["wall_us"] for fragment in vector["fragments"]]
    assert [segment.read_at(s.offset, s.size) for s in samples] == [packet.data for packet in video]
    assert [(s.pts, s.dts, s.key) for s in samples] == [(p.pts - start, p.dts - start, p.key) for p in video]


@pytest.mark.parametrize("name", WRITTEN)
def test_ffmpeg_plays_them_without_a_word(name: str, tmp_path: Path) -> None:
    vector = VECTORS[name]
    path = tmp_path / "vector.mp4"
    path.write_bytes(whole(vector))
    video = [packet for group in packets(vector) for packet in group if not packet.audio]
    start = min(packet.pts for packet in video)

    found = seen(path)

    assert found.complaints == ""
    assert found.times == [(packet.pts - start, packet.dts - start) for packet in video]
    assert len(found.pictures) == len(video)


@pytest.mark.parametrize("name", READ)
def test_the_reader_comes_to_this_verdict(name: str) -> None:
    vector = VECTORS[name]
    segment = Segment(bytes.fromhex(vector["file"]))
    found = []
    verdict: type[Exception] | None = None
    try:
        init = read_init(segment.read_at)
        for fragment in read_fragments(segment.read_at, init.movie, offset=init.end):
            found.append(fragment)
    except (FormatError, Truncated) as error:
        verdict = type(error)

    assert verdict is VERDICTS[vector["expect"]]
    assert len(found) == vector["whole_fragments"]
