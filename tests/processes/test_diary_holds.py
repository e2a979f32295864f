"""Holds in the diary: each that was placed or released is entered, once, whatever was lost meanwhile."""

from __future__ import annotations

import pytest

from fakes.diaries import box, deleted_journal, diary, record
from fakes.recordings import feed
from vigil.clock import HandClock
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.hold_ranges import Ranges
from vigil.store.holds import Holds
from vigil.store.index import Index, index_path
from vigil.store.journal_read import read_logs
from vigil.store.keeps import How, Span
from vigil.store.layout import segments_of
from vigil.store.marker import store_of


@pytest.fixture
def place(tmp_path) -> Place:
    return box(tmp_path)


def hold(place: Place, *whys: str, seq: int = 1) -> None:
    """Hold a segment and let it go again, in turn, as often as there are reasons."""
    holds = Holds(Disk(), place.video / "gate")
    segment = next(one for one in segments_of(place.video / "gate") if one.seq == seq)
    for why in whys:
        act = holds.release if segment.keep.exists() else holds.place
        assert act(segment, who="me", why=why, at_us=1)


def held(place: Place) -> list[tuple[str, int, str]]:
    return [
        (one.kind.removeprefix("segment."), one.fields["segment"], one.fields["why"])
        for one in read_logs(place.journal)[-1].entries()
        if one.kind in ("segment.kept", "segment.released")
    ]


def test_each_hold_and_release_is_entered_once_whoever_restarts(place):
    clock = HandClock()
    record(place.video, clock, range(150)).close("stopped")
    open_diary = diary(place, clock)
    hold(place, "the bicycle")
    open_diary.take_in(set())
    open_diary.take_in()
    assert held(place) == [("kept", 1, "the bicycle")]
    hold(place, "found again", "no, another one")
    open_diary.close()
    hold(place, "a cat", seq=2)
    for _ in range(2):
        open_diary = diary(place, clock)
        open_diary.take_in()
        open_diary.take_in()
        open_diary.close()

    assert held(place) == [
        ("kept", 1, "the bicycle"), ("released", 1, "found again"), ("kept", 1, "no, another one"),
        ("kept", 2, "a cat"),
    ]  # fmt: skip
    (first, *_) = (one for one in read_logs(place.journal)[-1].entries() if one.kind == "segment.kept")
    assert first.fields == {
        "camera": "gate", "segment": 1, "who": "me", "why": "the bicycle", "stated_us": 1, "keep_line": 0,
        "store": store_of(Disk(), place.video),
    }  # fmt: skip
    with Index.open(index_path(place.state)) as index:
        assert [row.kept for row in index.segments("gate", 0, 1 << 53)] == [True, True]


def test_a_new_log_has_every_hold_again_marked_as_recovered(place):
    clock = HandClock()
    record(place.video, clock, range(150)).close("stopped")
    hold(place, "the bicycle", "found again", "no, another one")
    first = diary(place, clock)
    first.take_in()
    first.checkpoint_if_due(clock.steady_us())
    first.close()
    deleted_journal(place)
    second = diary(place, clock)
    second.take_in()
    second.close()

    again = [one for one in read_logs(place.journal)[-1].entries() if "keep_line" in one.fields]
    assert [one.fields["why"] for one in again] == ["the bicycle", "found again", "no, another one"]
    assert all(one.fields["recovered"] for one in again)
    with Index.open(index_path(place.state)) as index:
        assert [row.kept for row in index.segments("gate", 0, 1 << 53)] == [True, False]


def test_a_new_disk_with_fewer_lines_hides_no_hold(place):
    clock = HandClock()
    record(place.video, clock, range(150)).close("stopped")
    hold(place, "the bicycle", "found again", "once more")
    first = diary(place, clock)
    first.take_in()
    (place.video / "gate/.keep-log").unlink()
    hold(place, "on the new disk", seq=2)
    first.take_in()
    first.close()

    assert held(place)[3:] == [("kept", 2, "on the new disk")]


def test_holds_whose_words_are_dropped_are_not_entered_again(place):
    clock = HandClock()
    made = record(place.video, clock, range(20))
    open_diary = diary(place, clock)
    open_diary.take_in()
    hold(place, "the bicycle", "found again")
    open_diary.take_in()
    feed(made, clock, range(20, 150))
    made.delete(1, "too old")
    made.close("stopped")
    open_diary.take_in()
    for days in (10, 10):
        clock.sleep(days * 86_400)
        open_diary.happened("fault.raised", {"what": "x", "why": "y"})
        open_diary.prune(clock.wall_us() - 86_400_000_000)
        open_diary.take_in()
    open_diary.close()
    for path in place.state.glob("index-*"):
        path.unlink()
    again = diary(place, clock)
    again.take_in()
    again.close()

    assert held(place) == [("released", 1, "found again")], "the newest of them, repeated, says how far they are known"


def test_a_hold_that_is_just_being_placed_waits_for_the_next_time(place):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    hold(place, "the bicycle")
    open_diary = diary(place, clock)
    with Disk().locked(place.video / "gate/.keep-lock"):
        open_diary.take_in()
        assert held(place) == []
    open_diary.take_in()
    open_diary.close()

    assert held(place) == [("kept", 1, "the bicycle")]


def test_stars_and_times_are_entered_once_and_survive_a_rebuild_of_the_index(place):
    clock = HandClock()
    record(place.video, clock, range(250)).close("stopped")
    first, second, *_ = segments_of(place.video / "gate")
    holds, ranges = Holds(Disk(), place.video / "gate"), Ranges(Disk(), place.video / "gate")
    holds.place(first, who="me", why="a fox", at_us=1, how=How.STAR)
    holds.place(first, who="me", why="court", at_us=2)
    holds.release(first, who="me", why="over", at_us=3)
    for _ in range(2):
        open_diary = diary(place, clock)
        open_diary.take_in()
        open_diary.close()
    began_us = clock.wall_us() - 14_000_000
    ranges.place(Span(began_us, began_us + 1_000_000), who="me", why="court", at_us=4)
    ranges.release(Span(began_us, began_us + 1_000_000), who="you", why="over", at_us=5)
    holds.place(second, who="me", why="a fox", at_us=6, how=How.STAR)
    holds.release(second, who="me", why="enough", at_us=7, how=How.STAR)
    for _ in range(2):
        open_diary = diary(place, clock)
        open_diary.take_in()
        open_diary.close()

    entered = [one for one in read_logs(place.journal)[-1].entries() if "keep_line" in one.fields]
    assert [(one.kind, one.fields.get("segment"), one.fields["why"]) for one in entered] == [
        ("segment.starred", 1, "a fox"), ("segment.kept", 1, "court"), ("segment.released", 1, "over"),
        ("range.kept", None, "court"), ("segment.kept", 2, "court"),
        ("range.released", None, "over"), ("segment.released", 2, "over"),
        ("segment.starred", 2, "a fox"), ("segment.unstarred", 2, "enough"),
    ]  # fmt: skip
    assert (entered[3].fields["from_us"], entered[4].fields["to_us"]) == (began_us, began_us + 1_000_000)
    with Index.open(index_path(place.state)) as index:
        for _ in range(2):
            found = {row.seq: (row.kept, row.starred) for row in index.segments("gate", 0, 1 << 53)}
            assert (found[1], found[2]) == ((False, True), (False, False))
            index.rebuild(place.journal)
        assert 1 not in [row.seq for row in index.oldest("gate", count=9)]
