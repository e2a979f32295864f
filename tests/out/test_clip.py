"""Films taken out of a store: exactly the pictures asked for, each once, and playable."""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.mp4_sources import seen
from fakes.owner import START, START_US, Box, export, pictures_of
from fakes.recordings import OWNER, numbered, recording
from vigil.frames.packet import Packet
from vigil.out.opened import opened
from vigil.out.trim import Piece
from vigil.segments.stream import SEALED_CHUNK_BYTES
from vigil.store.disk import Calls, Disk
from vigil.store.timeline import look


@pytest.mark.parametrize("name", ["plain", "b_frames", "late_b_frames", "h265", "h265_open_gop", "slices", "sound"])
def test_everything_recorded_is_in_the_film(tmp_path: Path, name: str):
    box = Box(tmp_path, segment_s=2)
    box.film(name, name, name)
    box.recording.close("stopped")

    code, film = export(box)

    assert code == 0
    found = seen(film)
    assert found.complaints == ""
    assert found.pictures == pictures_of(name, name, name)


@pytest.mark.parametrize(
    ("from_", "to", "first", "last"),
    [("03.00", "05.00", 75, 125), ("02.50", "05.50", 50, 138), ("00.10", "00.30", 0, 8), ("08.99", "12.00", 200, 225)],
)
def test_a_range_is_exact_from_the_keyframe_before_it(tmp_path: Path, from_: str, to: str, first: int, last: int):
    box = Box(tmp_path, segment_s=4)
    box.film("plain", "plain", "plain")
    box.recording.close("stopped")

    code, film = export(box, "--from", START + from_, "--to", START + to)

    assert code == 0
    found = seen(film)
    assert found.complaints == ""
    assert found.pictures == pictures_of("plain", "plain", "plain")[first:last]


@pytest.mark.parametrize("name", ["b_frames", "h265", "late_b_frames"])
def test_a_range_ends_between_b_frames_with_what_they_are_decoded_from_and_no_more(tmp_path: Path, name: str):
    box = Box(tmp_path, segment_s=60)
    box.film(name)
    box.recording.close("stopped")
    everything = pictures_of(name)

    for asked in (48, 49, 50, 51):
        code, film = export(box, "--to", f"{START}0{asked * 0.04:.2f}", "--force")

        assert code == 0
        found = seen(film)
        assert found.complaints == ""
        assert found.pictures[:asked] == everything[:asked]
        assert len(found.pictures) <= asked + 2  # a group of three B-frames hangs on two pictures that are shown later
        assert set(found.pictures[asked:]) <= set(everything[asked:])


def test_only_the_chunks_that_are_needed_are_opened(tmp_path: Path):
    made, clock = recording(tmp_path / "video", segment_s=60)
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=20_000)])
    for number in range(1, 600):
        clock.forward_us(100_000)
        made.append([numbered(number, clock.steady_us(), size_bytes=20_000)])
        made.tick()
    made.close("stopped")
    (one,) = look(Disk(), tmp_path / "video", "gate").recorded
    calls = CountingCalls()

    with opened(Disk(calls), one, [OWNER], with_tail=False) as segment:
        calls.chunks.clear()
        pieces = list(segment.pieces(START_US + 30_000_000, START_US + 40_000_000))
        opened_chunks = len(calls.chunks)

    numbers = [struct.unpack_from(">I", data, 4)[0] for piece in pieces for data in pictures_in(piece)]
    assert numbers == list(range(300, 400))
    whole = one.path.media.stat().st_size // SEALED_CHUNK_BYTES
    assert whole > 180
    assert opened_chunks <= whole // 6 + 4


class CountingCalls(Calls):
    """The operating system's calls, and which chunks of a file were read."""

    def __init__(self) -> None:
        self.chunks: set[int] = set()

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        self.chunks.add(offset // SEALED_CHUNK_BYTES)
        return super().pread(fd, size, offset)


def pictures_in(piece: Piece) -> list[bytes]:
    return [piece.picture(at) for at in range(len(piece.timed.fragment.video))]


def fault_at(nth: int, data: Path) -> tuple[Box, FaultyCalls]:
    """Return a box that recorded three films on a disk whose operation number `nth` failed."""
    box = Box(data)
    box.recording.close("stopped")
    calls = FaultyCalls(nth, mode="EIO")
    box.start(disk=Disk(calls))
    box.film("plain", "b_frames", "plain")
    box.clock.forward_us(5_000_000)
    box.recording.tick()
    box.recording.close("stopped")
    return box, calls


@pytest.mark.parametrize("nth", [8, 21, 33, 40, 91])
def test_after_a_fault_of_the_disk_every_picture_is_there_once(tmp_path: Path, nth: int):
    box, calls = fault_at(nth, tmp_path)
    assert calls.fired

    code, film = export(box)

    assert code == 0
    found = seen(film)
    assert found.complaints == ""
    assert found.pictures == pictures_of("plain", "b_frames", "plain")


@pytest.mark.slow  # some eighty recordings, each exported and decoded
def test_whichever_operation_failed_every_picture_is_there_once(tmp_path: Path):
    for nth in count(1):
        (tmp_path / str(nth)).mkdir()
        box, calls = fault_at(nth, tmp_path / str(nth))
        if not calls.fired:
            break
        code, film = export(box)
        assert (code, seen(film).pictures) == (0, pictures_of("plain", "b_frames", "plain")), calls.befell
    assert nth > 50


def film_in_bursts(box: Box) -> None:
    """Record six seconds over a network that holds pictures back, and lets them go twenty at a time."""
    waiting: list[Packet] = []
    for number, packet in enumerate(p for name in ("plain", "plain") for p in box.packets(name)):
        box.clock.forward_us(40_000)
        waiting.append(packet)
        if number % 20 == 19 or number == 149:
            burst = [replace(one, at_us=box.clock.steady_us()) for one in waiting]
            box.recording.begin("continuous", burst) if number == 19 else box.recording.append(burst)
            waiting.clear()
        box.recording.tick()
    box.clock.forward_us(5_000_000)
    box.recording.tick()
    box.recording.close("stopped")


def test_pictures_that_arrive_in_bursts_are_told_apart_by_the_cameras_own_clock(tmp_path: Path):
    box = Box(tmp_path)
    film_in_bursts(box)

    # The first picture came with the first burst, after 0.8 s.
    code, film = export(box, "--from", f"{START}02.80", "--to", f"{START}04.60")

    assert code == 0
    assert seen(film).pictures == pictures_of("plain", "plain")[50:95]


def test_pictures_that_arrive_in_bursts_are_there_once_after_a_fault(tmp_path: Path):
    box = Box(tmp_path)
    box.recording.close("stopped")
    calls = FaultyCalls(33, mode="EIO")
    box.start(disk=Disk(calls))
    film_in_bursts(box)
    assert calls.fired

    code, film = export(box)

    assert code == 0
    assert seen(film).pictures == pictures_of("plain", "plain")


def test_full_rate_is_preferred_to_the_keyframes_that_covered_the_same_time(tmp_path: Path):
    box = Box(tmp_path)
    packets = [*box.packets("plain")]
    box.recording.begin("keyframes", [packets[0]], rate="keyframes")
    for packet in packets[1:]:
        box.clock.forward_us(packet.at_us - box.clock.steady_us())
        if packet.key:
            box.recording.append([packet])
        box.recording.tick()
    box.recording.end("an event began")
    covered = [START_US + 1_000_000, START_US + 2_000_000]
    box.recording.begin("motion", packets[25:], rate="full", covered=covered)
    box.recording.close("stopped")
    kept, event = look(Disk(), box.video, "gate").recorded
    assert (kept.rate, kept.frames, event.rate, event.frames) == ("keyframes", 3, "full", 50)

    code, film = export(box)

    assert code == 0
    assert seen(film).pictures == [pictures_of("plain")[0], *pictures_of("plain")[25:]]
