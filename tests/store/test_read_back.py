"""A sample of what was written is read back from the disk itself, so that a card that forgets is found out."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.faulty import BadSectors
from fakes.recordings import numbered, recording
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.read_back import STEP_BYTES, Damage, ReadBack


def record(video: Path, *, segments: int = 3, size_bytes: int = 2000) -> list[SegmentPath]:
    made, clock = recording(video, segment_s=1)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=size_bytes)])
    for number in range(1, 10 * segments):
        clock.forward_us(100_000)
        made.append([numbered(number, clock.steady_us(), size_bytes=size_bytes)])
        made.tick()
    made.close("stopped")
    return segments_of(video / "gate")


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def read_whole(read_back: ReadBack, segment: SegmentPath, *, steps: int = 20) -> list[Damage]:
    read_back.take(segment)
    return [found for _ in range(steps) if (found := read_back.step())]


def test_a_good_segment_is_read_and_nothing_is_said(tmp_path):
    read_back = ReadBack(Disk(), every=1)

    assert read_whole(read_back, record(tmp_path)[0]) == []
    assert read_back.checked == 1


def test_one_flipped_bit_is_found_and_named_once(tmp_path):
    segment = record(tmp_path)[1]
    flip(segment.media, segment.media.stat().st_size // 2)

    (found,) = read_whole(ReadBack(Disk(), every=1), segment)

    assert found.seq == segment.seq
    assert "differs from what was written" in found.why


def test_a_file_that_cannot_be_read_is_damage_too_and_the_next_one_is_looked_at(tmp_path):
    first, second, _ = record(tmp_path)
    read_back = ReadBack(Disk(BadSectors(first.media)), every=1)

    (found,) = read_whole(read_back, first)
    assert found.seq == first.seq
    assert "cannot be read back" in found.why
    assert read_whole(read_back, second) == []
    assert read_back.checked == 1


def test_it_reads_in_small_steps(tmp_path):
    segment = record(tmp_path, segments=1, size_bytes=300_000)[0]
    read_back = ReadBack(Disk(), every=1)
    read_back.take(segment)
    steps = 0
    while not read_back.checked:
        assert read_back.step() is None
        steps += 1

    assert steps == -(-segment.media.stat().st_size // STEP_BYTES) + 1


def test_a_sample_is_taken_and_none_where_none_is_asked_for(tmp_path):
    segments = record(tmp_path, segments=9)
    every_third, never = ReadBack(Disk(), every=3), ReadBack(Disk(), every=0)
    for segment in segments:
        read_whole(every_third, segment)
        read_whole(never, segment)

    assert every_third.checked == 3
    assert never.checked == 0


def test_one_that_comes_while_another_is_read_is_passed_over(tmp_path):
    first, second, _ = record(tmp_path)
    read_back = ReadBack(Disk(), every=1)
    read_back.take(first)
    read_back.take(second)
    while read_back.step() is None and not read_back.checked:
        pass

    assert read_back.step() is None
    assert read_back.checked == 1


def test_a_segment_that_was_deleted_meanwhile_is_no_damage(tmp_path):
    segment = record(tmp_path)[0]
    read_back = ReadBack(Disk(), every=1)
    read_back.take(segment)
    segment.media.unlink()

    assert read_back.step() is None
    assert read_whole(read_back, segments_of(tmp_path / "gate")[1]) == []
    assert read_back.checked == 1


def test_quiet_segments_have_nothing_to_read(tmp_path):
    made, _ = recording(tmp_path)
    made.say("idle", mode="motion", state="waiting")
    made.close("stopped")

    assert read_whole(ReadBack(Disk(), every=1), segments_of(tmp_path / "gate")[0]) == []


@pytest.fixture
def card(tmp_path) -> Iterator[tuple[Path, Path]]:
    """A small card with an ext4 on it, and where it is mounted; needs root, which the tests run as."""
    image, mount = tmp_path / "card.img", tmp_path / "video"
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", image], check=True)
    mount.mkdir()
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    yield image, mount
    subprocess.run(["umount", "--lazy", mount], check=True)


@pytest.mark.host
@pytest.mark.slow  # mounts a file system
def test_what_the_card_forgot_is_found_though_the_memory_still_remembers_it(card):
    image, mount = card
    segment = record(mount, segments=1)[0]
    os.sync()
    listing = subprocess.run(["filefrag", "-e", "-b4096", segment.media], check=True, capture_output=True, text=True)
    first_block = re.search(r"^\s*0:\s+0\.\.\s*\d+:\s+(\d+)\.\.", listing.stdout, re.MULTILINE)
    assert first_block, listing.stdout
    before = segment.media.read_bytes()
    flip(image, int(first_block[1]) * 4096 + 700)
    assert segment.media.read_bytes() == before, "the page cache hides it from everybody who just reads"

    (found,) = read_whole(ReadBack(Disk(), every=1), segment)

    assert "differs from what was written" in found.why
    assert segment.media.read_bytes() != before
