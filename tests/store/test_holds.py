"""Holds: durable before anybody is told, binding without guard, and never forgotten why."""

from __future__ import annotations

import stat
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, recording
from vigil.errors import StoreError, StoreFault
from vigil.store.disk import Disk
from vigil.store.holds import Act, Hold, Holds
from vigil.store.layout import SegmentPath, segments_of

AT_US = 1_770_000_100_000_000


@pytest.fixture
def segments(tmp_path: Path) -> list[SegmentPath]:
    """Three segments of ten seconds, and no recorder at work."""
    made, clock = recording(tmp_path)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 300))
    made.close("stopped")
    found = segments_of(tmp_path / "gate")
    assert len(found) == 3
    return found


def holds(tmp_path: Path, disk: Disk | None = None) -> Holds:
    return Holds(disk or Disk(), tmp_path / "gate")


def test_a_hold_says_who_why_and_since_when(tmp_path: Path, segments: list[SegmentPath]):
    assert holds(tmp_path).place(segments[1], who="me", why="the bicycle", at_us=AT_US)

    assert holds(tmp_path).held() == [Hold(segments[1], "me", "the bicycle", AT_US)]
    assert segments[1].keep.read_bytes() == b'{"at_us":1770000100000000,"who":"me","why":"the bicycle"}\n'
    assert not segments[1].keep.stat().st_mode & stat.S_IROTH


def test_what_is_held_is_not_deleted_by_a_recorder_that_knows_nothing_of_guard(
    tmp_path: Path, segments: list[SegmentPath]
):
    holds(tmp_path).place(segments[0], who="me", why="the bicycle", at_us=AT_US)
    made, _ = recording(tmp_path)
    made.delete(1, "space")
    made.delete(2, "space")

    assert segments[0].media.exists()
    assert not segments[1].media.exists()

    holds(tmp_path).release(segments[0], who="me", why="done", at_us=AT_US)
    made.delete(1, "space")
    made.close("stopped")
    assert not segments[0].seal.exists()


def test_a_second_hold_leaves_the_first_as_it_is(tmp_path: Path, segments: list[SegmentPath]):
    holds(tmp_path).place(segments[0], who="me", why="the bicycle", at_us=AT_US)

    assert not holds(tmp_path).place(segments[0], who="you", why="something else", at_us=AT_US + 1)
    assert holds(tmp_path).read(segments[0]).who == "me"


def test_what_is_gone_cannot_be_held(tmp_path: Path, segments: list[SegmentPath]):
    segments[2].seal.unlink()

    with pytest.raises(StoreError, match="segment 3 is gone"):
        holds(tmp_path).place(segments[2], who="me", why="the bicycle", at_us=AT_US)

    assert not segments[2].keep.exists()


@pytest.mark.parametrize("why", ["", " "])
def test_nothing_is_held_or_released_without_a_reason(tmp_path: Path, segments: list[SegmentPath], why: str):
    with pytest.raises(StoreError, match="say why"):
        holds(tmp_path).place(segments[0], who="me", why=why, at_us=AT_US)
    holds(tmp_path).place(segments[0], who="me", why="the bicycle", at_us=AT_US)
    with pytest.raises(StoreError, match="say why"):
        holds(tmp_path).release(segments[0], who="me", why=why, at_us=AT_US)

    assert segments[0].keep.exists()


def test_who_held_and_who_released_is_kept_for_the_journal(tmp_path: Path, segments: list[SegmentPath]):
    ours = holds(tmp_path)
    ours.place(segments[0], who="me", why="the bicycle", at_us=AT_US)
    ours.place(segments[1], who="me", why="the bicycle", at_us=AT_US)
    ours.release(segments[0], who="you", why="found again", at_us=AT_US + 5)

    assert not ours.release(segments[0], who="you", why="found again", at_us=AT_US + 6)
    assert list(ours.acts()) == [
        Act(0, "kept", 1, "me", "the bicycle", AT_US),
        Act(1, "kept", 2, "me", "the bicycle", AT_US),
        Act(2, "released", 1, "you", "found again", AT_US + 5),
    ]


def test_a_line_that_a_cut_tore_spoils_no_other(tmp_path: Path, segments: list[SegmentPath]):
    ours = holds(tmp_path)
    ours.place(segments[0], who="me", why="the bicycle", at_us=AT_US)
    log = tmp_path / "gate/.keep-log"
    log.write_bytes(log.read_bytes() + b'{"act":"kept","at')

    ours.place(segments[1], who="me", why="the bicycle", at_us=AT_US)

    assert [act.seq for act in ours.acts()] == [1, 2]


def test_a_hold_that_cannot_be_read_binds_all_the_same(tmp_path: Path, segments: list[SegmentPath]):
    segments[0].keep.write_bytes(b"\xff")

    (one,) = holds(tmp_path).held()
    made, _ = recording(tmp_path)
    made.delete(1, "space")
    made.close("stopped")

    assert one.why == "its hold cannot be read, and binds all the same"
    assert segments[0].media.exists()


@pytest.mark.parametrize("mode", ["EIO", "ENOSPC", "short"])
def test_whichever_operation_fails_nobody_is_told_held_without_its_being_so(tmp_path: Path, mode: str):
    made, clock = recording(tmp_path)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))
    made.close("stopped")
    (segment,) = segments_of(tmp_path / "gate")
    for nth in count(1):
        calls = FaultyCalls(nth, mode=mode)
        try:
            told = holds(tmp_path, Disk(calls)).place(segment, who="me", why="the bicycle", at_us=AT_US)
        except StoreFault:
            told = False
        if told:
            assert holds(tmp_path).read(segment) == Hold(segment, "me", "the bicycle", AT_US)
        if not calls.fired:
            break
        calls.heal()
        # Whoever tries again is told that it is held, by this or by the first attempt.
        assert holds(tmp_path).place(segment, who="me", why="the bicycle", at_us=AT_US) or segment.keep.exists()
        holds(tmp_path).release(segment, who="me", why="next", at_us=AT_US)
        assert not segment.keep.exists()
    assert told
    assert nth > 2
