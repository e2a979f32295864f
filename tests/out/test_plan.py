"""Which segments make up a film."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vigil.out.plan import AFTER_FAULT, Stretch, plan
from vigil.store.browse import Flushed, Recorded, State
from vigil.store.layout import SegmentPath

SECOND = 1_000_000
WALL_US = 1_770_000_000 * SECOND


def segment(seq: int, from_s: float, to_s: float, **changes: object) -> Recorded:
    """A segment of one boot, whose steady clock began with `WALL_US`."""
    us = round(from_s * SECOND), round(to_s * SECOND)
    last = Flushed(65_752, 1, (us[1] - us[0]) * 9 // 100, WALL_US + us[1])
    made = Recorded(
        camera="gate", path=SegmentPath(seq, Path("/x"), f"{seq:08d}"), from_us=WALL_US + us[0], to_us=WALL_US + us[1],
        boot="boot", steady_us=us[0], state=State.SEALED, why="continuous", rate="full", trust="synced", frames=1,
        size_bytes=1, tail_bytes=0, damaged=False, held=False, recipients=("age1x",), last=last,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def taken(stretches: list[Stretch]) -> list[tuple[int, int | None]]:
    return [(one.recorded.seq, one.again.seq if one.again else None) for one in stretches]


def planned(segments: list[Recorded], from_s: float = 0, to_s: float = 1e6) -> list[tuple[int, int | None]]:
    return taken(plan(segments, WALL_US + round(from_s * SECOND), WALL_US + round(to_s * SECOND)))


def test_segments_that_follow_each_other_are_all_taken():
    assert planned([segment(1, 0, 60), segment(2, 60, 120), segment(3, 120, 180)]) == [(1, None), (2, None), (3, None)]


def test_only_what_lies_in_the_time_is_taken():
    segments = [segment(n, 60 * n, 60 * n + 60) for n in range(5)]

    assert planned(segments, 60, 120) == [(1, None)]
    assert planned(segments, 59.9, 120.1) == [(0, None), (1, None), (2, None)]
    assert planned(segments, 300, 400) == []


def test_after_a_fault_the_later_segment_counts():
    segments = [segment(1, 0, 20.5, state=State.RECOVERED), segment(2, 20, 60, why=AFTER_FAULT)]

    (first, _) = plan(segments, WALL_US, WALL_US + 60 * SECOND)

    assert (first.again, first.again_us) == (segments[1], WALL_US + 20 * SECOND)


def test_after_two_faults_each_segment_gives_way_to_the_next():
    once = segment(1, 0, 20.9, state=State.RECOVERED)
    twice = segment(2, 20, 22.5, state=State.RECOVERED, why=AFTER_FAULT)

    assert planned([once, twice, segment(3, 22, 60, why=AFTER_FAULT)]) == [(1, 2), (2, 3), (3, None)]
    assert planned([once, twice, segment(3, 20, 60, why=AFTER_FAULT)]) == [(1, 3), (3, None)]


def test_keyframes_give_way_to_the_event_that_holds_them_too():
    segments = [segment(1, 0, 20, rate="keyframes"), segment(2, 12, 40), segment(3, 40, 60, rate="keyframes")]

    assert planned(segments) == [(1, 2), (2, None), (3, None)]
    assert planned(segments, 15, 18) == [(2, None)]


def test_what_the_wall_clock_repeats_is_not_taken_for_the_same():
    before, after = segment(1, 0, 60), segment(2, 60, 120)
    hour = 3600 * SECOND
    after = replace(after, from_us=after.from_us - hour, to_us=after.to_us - hour)

    assert taken(plan([before, after], 0, 1 << 62)) == [(1, None), (2, None)]


def test_another_boot_holds_nothing_twice():
    segments = [segment(1, 100, 160, state=State.RECOVERED), segment(2, 0, 60, boot="another")]

    assert planned(segments) == [(1, None), (2, None)]
