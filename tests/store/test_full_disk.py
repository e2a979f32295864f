"""A disk that is really full: a small file system of its own, recorded to until it has been filled three times."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.recordings import numbered, recorded, recording
from vigil.errors import StoreFull
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.layout import RESERVE, segments_of
from vigil.store.room import Room

pytestmark = [pytest.mark.host, pytest.mark.slow]  # mounts a file system, and fills it
SIZE_MIB = 24
PICTURE_BYTES = 50_000


@pytest.fixture
def small(tmp_path) -> Iterator[Path]:
    """An ext4 of 24 MiB; needs root, which the tests run as."""
    image, mount = tmp_path / "small.img", tmp_path / "video"
    with image.open("wb") as file:
        file.truncate(SIZE_MIB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    mount.mkdir()
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    (mount / "lost+found").rmdir()
    yield mount
    subprocess.run(["umount", "--lazy", mount], check=True)


def feed(made, clock, numbers) -> None:
    for number in numbers:
        clock.forward_us(100_000)
        made.append([numbered(number, clock.steady_us(), size_bytes=PICTURE_BYTES)])
        made.tick()
        if number % 50 == 0 and made.is_short():
            made.make_room("the disk is nearly full and guard did not act")


def hold_all(video: Path) -> None:
    for segment in segments_of(video / "gate"):
        if segment.seal.exists() and not segment.keep.exists():
            segment.keep.touch()


def statements(video: Path) -> list:
    return [
        read_line(line) for segment in segments_of(video / "gate") for line in read_lines(segment.seal.read_bytes())
    ]


def test_with_guard_down_the_recorder_makes_its_own_room_and_loses_nothing_new(small):
    made, clock = recording(small)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=PICTURE_BYTES)])
    feed(made, clock, range(1, 1500))
    assert made.fault is None
    made.close("stopped")

    found = list(recorded(small))
    numbers = [n for _, ns in found for n in ns]
    assert numbers[-1] == 1499
    assert sorted(set(numbers)) == list(range(numbers[0], 1500)), "only the oldest went"
    assert len(numbers) * PICTURE_BYTES > (SIZE_MIB << 20) // 3, "no more went than had to"
    seqs = [segment.seq for segment in segments_of(small / "gate")]
    deleted = {s.fields["seq"] for s in statements(small) if s.type == "deleted"}
    assert deleted
    assert seqs == sorted(seqs)


def test_the_reserve_is_opened_when_nothing_else_helps(small):
    room = Room(Disk(), small, reserve_bytes=4 << 20)
    assert room.make_reserve()
    assert (small / RESERVE).stat().st_blocks * 512 >= 4 << 20
    made, clock = recording(small)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=PICTURE_BYTES)])
    feed(made, clock, range(1, 700))

    assert made.fault is None
    assert not (small / RESERVE).exists()
    made.close("stopped")


def test_with_everything_held_it_says_so_goes_on_in_memory_and_comes_back_when_a_hold_is_released(small):
    made, clock = recording(small, limit_bytes=3 << 20)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=PICTURE_BYTES)])
    number = 1
    while not isinstance(made.fault, StoreFull):
        feed(made, clock, range(number, number + 1))
        hold_all(small)
        number += 1
    for _ in range(300):
        feed(made, clock, range(number, number + 1))
        hold_all(small)
        number += 1

    held = [segment for segment in segments_of(small / "gate") if segment.media.exists()]
    assert isinstance(made.fault, StoreFull)
    assert "release a hold" in str(made.fault)
    assert all(segment.keep.exists() for segment in held)

    for segment in held[:2]:
        segment.keep.unlink()
    feed(made, clock, range(number, number + 400))  # it is tried again after half a minute at most
    number += 400
    assert made.fault is None
    made.close("stopped")

    found = [n for _, ns in recorded(small) for n in ns]
    assert found[-1] == number - 1
    gaps = [s.fields for s in statements(small) if s.type == "gap"]
    assert gaps
    assert sum(gap["pictures"] for gap in gaps) > 0, "what memory could not hold is counted"
    assert not held[0].media.exists()
    assert held[2].media.exists()


def test_with_deletion_off_nothing_goes_and_the_disk_that_is_full_stays_as_it_is(small):
    made, clock = recording(small, limit_bytes=3 << 20, deletes=False)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=PICTURE_BYTES)])
    feed(made, clock, range(1, 700))

    assert isinstance(made.fault, StoreFull)
    assert "set storage.delete = true" in str(made.fault)
    there = segments_of(small / "gate")
    feed(made, clock, range(700, 1700))
    assert segments_of(small / "gate") == there, "however often it is tried, not even a sidecar is added"
    assert there[0].seq == 1
    made.close("stopped")
    assert not [one for one in statements(small) if one.type == "deleted"]
