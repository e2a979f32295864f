"""Time ranges that are kept: they bind what was recorded, what will be, and nothing undoes them but a person."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.power import CutCalls, PowerCut
from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.errors import StoreFault
from vigil.segments.sidecar import read_line, whole_bytes
from vigil.store.check import check_store, nothing_told
from vigil.store.disk import Calls, Disk
from vigil.store.hold_ranges import Ranges
from vigil.store.holds import Holds
from vigil.store.keeps import FOREVER_US, How, Span
from vigil.store.layout import segments_of
from vigil.store.recording import Recording
from vigil.store.shelf import Shelf

START_US = 1_770_000_000_000_000
SECOND_US = 1_000_000
AT_US = START_US + 100 * SECOND_US


def made(video: Path, numbers: range, *, clock: HandClock | None = None, calls: Calls | None = None) -> Recording:
    """Segments of two seconds, ten pictures a second."""
    one, clock = recording(video, clock=clock or HandClock(wall_us=START_US), disk=Disk(calls), segment_s=2)
    one.begin("continuous", [numbered(numbers[0], clock.steady_us())])
    feed(one, clock, numbers[1:])
    return one


def ranges(video: Path, calls: Calls | None = None) -> Ranges:
    return Ranges(Disk(calls), video / "gate")


def held(video: Path, how: How = How.HOLD) -> list[int]:
    return [one.segment.seq for one in Holds(Disk(), video / "gate").held(how)]


def seconds(begin: float, end: float) -> Span:
    return Span(START_US + round(begin * SECOND_US), START_US + round(end * SECOND_US))


def test_a_range_keeps_the_segments_that_share_a_moment_with_it(tmp_path: Path):
    made(tmp_path, range(100)).close("stopped")

    kept = ranges(tmp_path).place(seconds(2.5, 4.5), who="me", why="court", at_us=AT_US)

    assert [one.seq for one in kept] == held(tmp_path) == [2, 3]
    (first, _) = Holds(Disk(), tmp_path / "gate").held()
    assert (first.who, first.why, first.at_us, first.span) == ("me", "court", AT_US, seconds(2.5, 4.5))
    assert ranges(tmp_path).place(seconds(2.5, 4.5), who="you", why="me too", at_us=AT_US) == []
    assert [one.who for one in ranges(tmp_path).all()] == ["me"]


def test_what_is_recorded_later_is_not_deleted_either_though_nobody_came_to_say_so(tmp_path: Path):
    clock = HandClock(wall_us=START_US)
    ranges(tmp_path).place(seconds(2.5, FOREVER_US / 1e6 - START_US / 1e6), who="me", why="court", at_us=AT_US)
    one = made(tmp_path, range(100), clock=clock)
    for seq in (1, 2, 3):
        one.delete(seq, "space")
    one.close("stopped")

    assert [segment.seq for segment in segments_of(tmp_path / "gate")][:2] == [2, 3]
    assert held(tmp_path) == [2, 3], "each of them has its own file from then on"


def test_a_disk_without_room_for_another_file_deletes_what_is_not_held_and_nothing_else(tmp_path: Path):
    ranges(tmp_path).place(seconds(0, 3), who="me", why="court", at_us=AT_US)
    made(tmp_path, range(100)).close("stopped")
    calls = FaultyCalls(0, mode="ENOSPC", lasting=True, only={"create"})
    again, _ = recording(tmp_path, disk=Disk(calls))
    again.say("idle", mode="continuous", state="starting")
    calls.nth = 1
    for seq in (1, 2, 3):
        again.delete(seq, "space")
    assert again.fault is None
    calls.heal()
    again.close("stopped")

    assert [segment.seq for segment in segments_of(tmp_path / "gate")][:3] == [1, 2, 4]


def test_guard_sees_what_a_range_keeps_and_which_segments_do_not_say_so_yet(tmp_path: Path):
    ranges(tmp_path).place(seconds(2.5, 4.5), who="me", why="court", at_us=AT_US)
    ranges(tmp_path).place(seconds(4.5, 5), who="me", why="a fox", at_us=AT_US, how=How.STAR)
    made(tmp_path, range(100)).close("stopped")
    shelf = Shelf(Disk(), tmp_path)

    kept = {one.seq: (one.held, one.starred) for one in shelf.kept()}
    assert kept == {1: (False, False), 2: (True, False), 3: (True, False), 4: (False, False), 5: (False, False)}
    for _, path, one in shelf.unbound:
        assert ranges(tmp_path).bind(path, one.span, one.how)
    shelf.kept()
    assert shelf.unbound == []
    assert (held(tmp_path), held(tmp_path, How.STAR)) == ([2, 3], [3])


def test_a_range_that_was_released_meanwhile_binds_no_more(tmp_path: Path):
    ranges(tmp_path).place(seconds(2.5, 4.5), who="me", why="court", at_us=AT_US)
    made(tmp_path, range(100)).close("stopped")
    shelf = Shelf(Disk(), tmp_path)
    shelf.kept()
    ranges(tmp_path).release(seconds(2.5, 4.5), who="me", why="over", at_us=AT_US)

    assert [ranges(tmp_path).bind(path, one.span, one.how) for _, path, one in shelf.unbound] == [False, False]
    assert held(tmp_path) == []


def test_a_released_range_lets_go_what_it_alone_kept(tmp_path: Path):
    made(tmp_path, range(100)).close("stopped")
    segments = segments_of(tmp_path / "gate")
    ours, holds = ranges(tmp_path), Holds(Disk(), tmp_path / "gate")
    holds.place(segments[1], who="you", why="my own", at_us=AT_US)
    ours.place(seconds(0, 7.9), who="me", why="court", at_us=AT_US)
    ours.place(seconds(4.5, 5.5), who="them", why="another court", at_us=AT_US)
    holds.place(segments[3], who="you", why="for itself from now on", at_us=AT_US)

    gone = ours.release(seconds(0, 7.9), who="me", why="over", at_us=AT_US)

    assert gone is not None
    assert [one.seq for one in gone] == [1]
    assert [(one.segment.seq, one.who) for one in holds.held()] == [(2, "you"), (3, "them"), (4, "you")]
    assert ours.release(seconds(0, 7.9), who="me", why="over", at_us=AT_US) is None
    assert [one.span for one in ours.all()] == [seconds(4.5, 5.5)]


def test_a_range_whose_file_cannot_be_read_binds_all_the_same(tmp_path: Path):
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / seconds(2.5, 4.5).name).write_bytes(b"\xff")
    one = made(tmp_path, range(100))
    for seq in (1, 2, 3):
        one.delete(seq, "space")
    one.close("stopped")

    assert [segment.seq for segment in segments_of(tmp_path / "gate")][:2] == [2, 3]


def test_a_segment_that_nobody_can_date_is_kept_while_any_range_is(tmp_path: Path):
    made(tmp_path, range(100)).close("stopped")
    damaged = segments_of(tmp_path / "gate")[0]
    damaged.seal.write_bytes(b"x" + damaged.seal.read_bytes()[1:])
    ranges(tmp_path).place(seconds(8, 9), who="me", why="court", at_us=AT_US)

    assert 1 in held(tmp_path)


def test_a_star_is_given_up_only_by_who_may_and_that_is_said_first(tmp_path: Path):
    made(tmp_path, range(100)).close("stopped")
    holds, first, second = Holds(Disk(), tmp_path / "gate"), *segments_of(tmp_path / "gate")[:2]
    for one in (first, second):
        holds.place(one, who="me", why="a fox", at_us=AT_US, how=How.STAR)
    holds.place(second, who="me", why="court", at_us=AT_US)
    again, _ = recording(tmp_path)
    again.delete(1, "space")
    assert first.media.exists()
    for seq in (1, 2):
        again.delete(seq, "space", star_too=True)
    again.close("stopped")

    assert [one.exists() for one in (first.media, first.keep, second.media)] == [False, False, True]
    assert [(act.act, act.seq, act.who) for act in holds.acts()][-1] == ("unstarred", 1, "record@gate")
    assert check_store(Disk(), tmp_path, told=nothing_told).problems == []


def test_a_star_of_a_range_is_given_up_like_any_other(tmp_path: Path):
    ranges(tmp_path).place(seconds(0, 3), who="me", why="a fox", at_us=AT_US, how=How.STAR)
    one = made(tmp_path, range(100))
    one.delete(1, "space", star_too=True)
    one.close("stopped")

    assert held(tmp_path, How.STAR) == []
    assert segments_of(tmp_path / "gate")[0].seq == 2


# Whatever fails, and wherever the power goes


def place(video: Path, calls: Calls) -> None:
    ranges(video, calls).place(seconds(2.5, 4.5), who="me", why="court", at_us=AT_US)


def release(video: Path, calls: Calls) -> None:
    ranges(video, calls).release(seconds(2.5, 4.5), who="me", why="over", at_us=AT_US)


def delete(video: Path, calls: Calls) -> None:
    """Delete what is starred, with a hold of a range beside it."""
    one, _ = recording(video, clock=HandClock(wall_us=AT_US), disk=Disk(calls))
    for seq in (1, 2, 3):
        one.delete(seq, "space", star_too=True)
    one.close("stopped")


def unsynced() -> Calls:
    """A disk without a fault, that is not really synced: no test pulls the machine's own plug."""
    return FaultyCalls(0)


def prepare(video: Path, deed: Callable[[Path, Calls], None]) -> Path:
    """Make a store for the deed, to be copied for each of its cuts."""
    made(video, range(100), calls=unsynced()).close("stopped")
    if deed is not place:
        place(video, unsynced())
    if deed is delete:
        first = segments_of(video / "gate")[0]
        Holds(Disk(unsynced()), video / "gate").place(first, who="me", why="a fox", at_us=AT_US, how=How.STAR)
        segments_of(video / "gate")[1].keep.unlink()  # what a range that was placed before would not have yet
        log = video / "gate" / ".keep-log"
        log.write_bytes(b"".join(line for line in log.read_bytes().splitlines(keepends=True) if b'"seq":2' not in line))
    return video


def check_after(video: Path, deed: Callable[[Path, Calls], None]) -> None:
    """No invariant is broken, and the same deed once more gives what the first was to give."""
    assert check_store(Disk(), video, told=nothing_told).problems == []
    seals = [one.seal.read_bytes() for one in segments_of(video / "gate") if one.seal.exists()]
    lines = [line for data in seals for line in data[: whole_bytes(data)].split(b"\n")[:-1]]
    stated = {one.fields["seq"] for one in map(read_line, lines) if one.type == "deleted"}
    there = {one.seq for one in segments_of(video / "gate") if one.media.exists()}
    assert {1, 2, 3, 4, 5} - there <= stated
    assert {2, 3} <= there, "what is held is there, whatever happened"
    deed(video, unsynced())
    assert held(video) == ([] if deed is release else [2, 3])
    assert [one.span for one in ranges(video).all()] == ([] if deed is release else [seconds(2.5, 4.5)])
    assert check_store(Disk(), video, told=nothing_told).problems == []


def check_cuts(tmp_path: Path, deed: Callable[[Path, Calls], None], lefts: Sequence[str], *, step: int) -> int:
    """Check what a cut at every `step`-th operation of the deed leaves; return how many states that were."""
    prepared, states = prepare(tmp_path / "prepared", deed), 0
    for nth in count(1, step):
        video = shutil.copytree(prepared, tmp_path / f"{nth}")
        calls = CutCalls(video, nth)
        calls.adopt()
        try:
            deed(video, calls)
            break
        except PowerCut:
            pass
        for left in lefts:
            how = random.Random(nth) if left == "between" else left
            check_after(calls.survivor(tmp_path / f"{nth}-{left}", how), deed)
            states += 1
    assert held(video) == ([] if deed is release else [2, 3])
    # What was answered is durable.
    durable = calls.survivor(tmp_path / "durable", "synced")
    assert held(durable) == held(video)
    assert ranges(durable).all() == ranges(video).all()
    return states


@pytest.mark.parametrize("deed", [place, release, delete])
def test_wherever_the_power_goes_a_range_binds_or_does_not_and_the_same_deed_finishes_it(
    tmp_path: Path, deed: Callable[[Path, Calls], None]
):
    assert check_cuts(tmp_path, deed, ["between"], step=5) > 2


@pytest.mark.slow  # every operation, and all that a cut may leave of each
@pytest.mark.parametrize("deed", [place, release, delete])
def test_every_cut_of_keeping_and_releasing(tmp_path: Path, deed: Callable[[Path, Calls], None]):
    assert check_cuts(tmp_path, deed, ["synced", "written", "between"], step=1) > 30


@pytest.mark.parametrize("mode", ["EIO", "ENOSPC"])
def test_whichever_operation_fails_nobody_is_told_that_a_time_is_kept_without_its_being_so(tmp_path: Path, mode: str):
    prepared = prepare(tmp_path / "prepared", place)
    for nth in count(1):
        video = shutil.copytree(prepared, tmp_path / f"{nth}")
        calls = FaultyCalls(nth, mode=mode)
        try:
            place(video, calls)
            told = True
        except StoreFault:
            told = False
        if told:
            # One that could not be read is kept too, to be careful.
            assert {2, 3} <= set(held(video))
            assert [one.span for one in ranges(video).all()] == [seconds(2.5, 4.5)]
        if not calls.fired:
            break
        place(video, unsynced())
        assert {2, 3} <= set(held(video))
    assert told
    assert held(video) == [2, 3]
    assert nth > 10
