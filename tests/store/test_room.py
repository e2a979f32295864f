"""Room that is kept, and room that is made, when nobody else does."""

from __future__ import annotations

import pytest

from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, recording
from vigil.errors import StoreFault, StoreFull
from vigil.store.disk import Disk
from vigil.store.layout import RESERVE, segments_of
from vigil.store.room import Room

SIZE = 1 << 20


class Filled(Room):
    """A disk on which so much is free, and each deleted segment gives `each_bytes` back."""

    def __init__(self, made, video, *, free_bytes: int, each_bytes: int, deletes: bool = True) -> None:
        super().__init__(Disk(), video, reserve_bytes=SIZE, deletes=deletes)
        self._there = len(segments_of(made.store.directory))
        self._made = made
        self._begun_bytes = free_bytes
        self._each_bytes = each_bytes

    def free_bytes(self) -> int:
        return self._begun_bytes + self._each_bytes * (self._there - len(segments_of(self._made.store.directory)))


@pytest.fixture
def made(tmp_path):
    """Ten finished segments and an open one."""
    made, clock = recording(tmp_path, segment_s=1)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 108))
    yield made
    made.close("stopped")


def nothing() -> None:
    """The sidecar is open."""


def seqs(made) -> list[int]:
    return [segment.seq for segment in segments_of(made.store.directory)]


def test_a_reserve_is_made_once_and_given_back(tmp_path):
    room = Room(Disk(), tmp_path, reserve_bytes=SIZE)

    assert room.make_reserve()
    assert (tmp_path / RESERVE).stat().st_blocks * 512 >= SIZE
    assert room.make_reserve()
    room.open_reserve()
    assert not (tmp_path / RESERVE).exists()


def test_a_reserve_that_cannot_be_made_whole_is_none(tmp_path):
    room = Room(Disk(FaultyCalls(1, mode="ENOSPC", only={"posix_fallocate"})), tmp_path, reserve_bytes=SIZE)
    with pytest.raises(StoreFault):
        room.make_reserve()

    assert not (tmp_path / RESERVE).exists()
    assert room.make_reserve()


def test_a_reserve_that_a_cut_left_half_made_is_finished(tmp_path):
    Room(Disk(), tmp_path, reserve_bytes=SIZE // 2).make_reserve()

    assert Room(Disk(), tmp_path, reserve_bytes=SIZE).make_reserve()
    assert (tmp_path / RESERVE).stat().st_blocks * 512 >= SIZE


def test_a_disk_that_refuses_even_to_take_a_part_back_says_what_it_refused_first(tmp_path):
    calls = FaultyCalls(1, mode="EIO", lasting=True, only={"posix_fallocate", "unlink"})
    with pytest.raises(StoreFault, match="allocate"):
        Room(Disk(calls), tmp_path, reserve_bytes=SIZE).make_reserve()


def test_no_reserve_is_made_where_there_is_no_ample_room(tmp_path):
    room = Room(Disk(), tmp_path, reserve_bytes=1 << 60)

    assert not room.make_reserve()
    assert not (tmp_path / RESERVE).exists()


def test_no_more_goes_than_is_needed_and_the_oldest_first(tmp_path, made):
    before = seqs(made)

    assert (
        Filled(made, tmp_path, free_bytes=SIZE // 2, each_bytes=SIZE // 8).make(made.store, why="full", ready=nothing)
        == 4
    )
    assert seqs(made) == before[4:]


def test_what_waits_in_memory_needs_room_too(tmp_path, made):
    room = Filled(made, tmp_path, free_bytes=SIZE, each_bytes=SIZE // 8)

    assert room.make(made.store, why="full", waiting_bytes=SIZE, ready=nothing) == 2


def test_what_is_held_stays_and_the_next_goes(tmp_path, made):
    segments = segments_of(made.store.directory)
    segments[0].keep.touch()

    assert (
        Filled(made, tmp_path, free_bytes=SIZE // 2, each_bytes=SIZE // 2).make(made.store, why="full", ready=nothing)
        == 1
    )
    assert seqs(made)[:2] == [1, 3]


def test_where_everything_is_held_it_says_what_to_do(tmp_path, made):
    for segment in segments_of(made.store.directory):
        segment.keep.touch()

    with pytest.raises(StoreFull, match="release a hold"):
        Filled(made, tmp_path, free_bytes=0, each_bytes=SIZE).make(made.store, why="full", ready=nothing)
    assert len(seqs(made)) >= 10


def test_with_deletion_off_nothing_goes_and_it_says_what_to_do(tmp_path, made):
    room = Filled(made, tmp_path, free_bytes=0, each_bytes=SIZE, deletes=False)

    with pytest.raises(StoreFull, match=r"set storage\.delete = true"):
        room.make(made.store, why="full", ready=nothing)
    assert len(seqs(made)) == 11


class Tight(Room):
    """A disk on which so much is free as a test says."""

    free = 0

    def free_bytes(self) -> int:
        return self.free


def full_disk(tmp_path, *, guard: bool):
    """A recording of several segments that a write just failed for want of room, and that nobody can help but guard."""
    calls = FaultyCalls(0, mode="ENOSPC", lasting=True)
    made, clock = recording(tmp_path, segment_s=1, disk=Disk(calls))
    made._room = Tight(Disk(calls), tmp_path, reserve_bytes=SIZE)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 60))
    made.guard_is_there = guard
    calls.nth, calls.seen = 1, 0
    feed(made, clock, range(60, 61))
    while made.fault is None:
        clock.forward_us(100_000)
        made.tick()
    calls.heal()
    return made, clock


def until_something_goes(made, clock) -> float:
    """Let time pass; return after how many seconds the first segment was deleted."""
    began_us, first = clock.steady_us(), seqs(made)[0]
    while seqs(made)[0] == first:
        clock.forward_us(max(1, made.due_us(clock.steady_us()) - clock.steady_us()))
        made.tick()
    return (clock.steady_us() - began_us) / 1e6


def test_a_full_disk_waits_five_seconds_for_guard_and_no_longer(tmp_path):
    made, clock = full_disk(tmp_path, guard=True)

    assert until_something_goes(made, clock) == pytest.approx(5, abs=0.01)
    made.close("stopped")


def test_without_guard_a_full_disk_waits_for_nobody(tmp_path):
    made, clock = full_disk(tmp_path, guard=False)

    assert until_something_goes(made, clock) < 1.5, "no longer than until the next try"
    made.close("stopped")


def test_room_that_guard_makes_within_five_seconds_costs_nothing_of_the_camera(tmp_path):
    made, clock = full_disk(tmp_path, guard=True)
    before = seqs(made)
    clock.forward_us(1_000_000)
    made.tick()
    made._room.free = 10 * SIZE
    clock.forward_us(4_000_000)
    made.tick()

    assert made.fault is None
    assert set(before) <= set(seqs(made))
    made.close("stopped")


def test_where_the_reserve_is_room_enough_recording_goes_on_at_once_and_nothing_goes(tmp_path):
    made, clock = full_disk(tmp_path, guard=True)
    before = seqs(made)
    made._room.free = SIZE
    clock.forward_us(max(1, made.due_us(clock.steady_us()) - clock.steady_us()))
    made.tick()

    assert made.fault is None
    assert set(before) <= set(seqs(made))
    made.close("stopped")
