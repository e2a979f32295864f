"""What is forgotten, and what never is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.clock import HandClock
from vigil.clock.kernel import look
from vigil.clock.trust import Trust, Watch
from vigil.store.retention import Kept, Reason, Rules, Turns, for_days, for_space

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
YEAR_US = 365 * DAY_US
NOW_US = 1_770_000_000_000_000
RULES = Rules(free_start_bytes=100, free_target_bytes=200, keep_days=30, youngest_s=600)


def minutes(
    count: int, *, camera: str = "gate", until_us: int = NOW_US, size_bytes: int = 10, clock: Trust = Trust.SYNCED
) -> list[Kept]:
    """Return `count` segments of a minute each, the newest of which ended at `until_us`."""
    ends_us = [until_us - n * MINUTE_US for n in reversed(range(count))]
    return [
        Kept(camera, seq, size_bytes, end_us - MINUTE_US, end_us, clock) for seq, end_us in enumerate(ends_us, start=1)
    ]


def seqs(plan: object) -> list[int]:
    return [kept.seq for kept, _ in plan]  # type: ignore[attr-defined]


def space(kept: list[Kept], need_bytes: int, *, rules: Rules = RULES, turns: Turns | None = None) -> list[Kept]:
    return [each for each, _ in for_space(kept, need_bytes=need_bytes, rules=rules, turns=turns or Turns())]


SEGMENTS = st.lists(
    st.builds(
        Kept,
        st.sampled_from(["gate", "yard", "door"]),
        st.integers(1, 60),
        st.integers(0, 1000),
        st.integers(-YEAR_US, NOW_US + YEAR_US),
        st.integers(-YEAR_US, NOW_US + YEAR_US),
        st.sampled_from(list(Trust)),
        st.booleans(),
    ),
    max_size=60,
    unique_by=lambda kept: (kept.camera, kept.seq),
)


@given(SEGMENTS, st.integers(0, 20_000), st.randoms(use_true_random=False))
def test_space_is_made_oldest_first_sparing_the_held_and_the_newest_and_no_further_than_needed(
    kept: list[Kept], need_bytes: int, random: object
) -> None:
    gone = space(kept, need_bytes)
    left = [each for each in kept if each not in gone]

    for camera in {each.camera for each in kept}:
        newest = max(each.seq for each in kept if each.camera == camera)
        mine = [each.seq for each in gone if each.camera == camera]
        assert mine == sorted(mine)
        assert newest not in mine
        assert not [e for e in left if e.camera == camera and not e.held and mine and e.seq < mine[-1]]
    assert not any(each.held for each in gone)
    assert len(set(gone)) == len(gone)
    if gone:
        assert sum(each.size_bytes for each in gone[:-1]) < need_bytes
    random.shuffle(kept)  # type: ignore[attr-defined]
    assert space(kept, need_bytes) == gone


@given(SEGMENTS, st.integers(0, 20_000), st.integers(-20 * YEAR_US, 20 * YEAR_US))
def test_space_does_not_ask_what_time_it_is(kept: list[Kept], need_bytes: int, shift_us: int) -> None:
    moved = [replace(e, started_us=e.started_us + shift_us, ended_us=e.ended_us + shift_us) for e in kept]
    assert [(e.camera, e.seq) for e in space(moved, need_bytes)] == [(e.camera, e.seq) for e in space(kept, need_bytes)]


def test_oldest_is_the_lowest_number_whatever_the_times_say() -> None:
    backwards = [replace(e, started_us=-e.started_us, ended_us=-e.started_us + MINUTE_US) for e in minutes(50)]
    assert [e.seq for e in space(backwards, 50)] == [1, 2, 3, 4, 5]


def test_a_hold_outlives_hunger() -> None:
    kept = [replace(each, held=each.seq % 2 == 1) for each in minutes(50)]
    assert [each.seq for each in space(kept, 10**9)] == list(range(2, 41, 2))
    assert space([replace(each, held=True) for each in kept], 10**9) == []


def test_the_youngest_ten_minutes_of_each_camera_are_never_deleted() -> None:
    gone = space([*minutes(50), *minutes(12, camera="yard"), *minutes(10, camera="door")], 10**9)
    assert {e.camera: max(x.seq for x in gone if x.camera == e.camera) for e in gone} == {"gate": 40, "yard": 2}


@pytest.mark.parametrize("jump_us", [10 * YEAR_US, -10 * YEAR_US])
def test_a_clock_that_jumped_during_a_segment_does_not_make_the_ones_before_it_old(jump_us: int) -> None:
    kept = minutes(50)
    kept[-2] = replace(kept[-2], ended_us=kept[-2].ended_us + jump_us, clock=Trust.STEPPED)
    assert space(kept, 10**9)[-1].seq == 39


def test_the_newest_stays_even_where_nothing_counts_as_young() -> None:
    assert [e.seq for e in space(minutes(3), 10**9, rules=replace(RULES, youngest_s=0))] == [1, 2]


def test_deletion_starts_below_the_start_and_goes_up_to_the_target() -> None:
    assert [RULES.short_bytes(free) for free in (0, 99, 100, 150, 200, 300)] == [200, 101, 0, 0, 0, 0]
    assert replace(RULES, free_target_bytes=50).short_bytes(99) == 1


def test_a_maximum_is_kept_with_a_twentieth_to_spare() -> None:
    rules = replace(RULES, maximum_bytes=1000)
    assert [rules.over_bytes(used) for used in (0, 1000, 1001, 1500)] == [0, 0, 51, 550]
    assert RULES.over_bytes(10**15) == 0
    plan = for_space(minutes(50), need_bytes=rules.over_bytes(1010), rules=rules, turns=Turns(), reason=Reason.LIMIT)
    assert [(each.seq, why) for each, why in plan] == [(n, Reason.LIMIT) for n in range(1, 7)]


# Fairness between cameras


def test_one_large_deletion_takes_the_same_share_of_each_camera() -> None:
    kept = [
        *minutes(1000, size_bytes=40),
        *minutes(1000, camera="yard", size_bytes=10),
        *minutes(100, camera="door", size_bytes=40),
    ]
    gone = space(kept, 10_000, rules=replace(RULES, youngest_s=0))
    for camera, count in (("gate", 1000), ("yard", 1000), ("door", 100)):
        share = sum(each.camera == camera for each in gone) / count
        assert share == pytest.approx(10_000 / 54_000, abs=0.01)


def test_cameras_of_any_appetite_come_to_keep_the_same_number_of_days() -> None:
    """A month on a small disk: a large and a small stream, one that seldom sees anything, one that came late."""
    rules = Rules(free_start_bytes=30, free_target_bytes=60, youngest_s=0)
    turns, kept, capacity_bytes = Turns(), list[Kept](), 4_000
    for hour in range(24 * 30):
        born = [Kept("large", hour, 16, hour, hour, Trust.UNSYNCED), Kept("small", hour, 4, hour, hour, Trust.UNSYNCED)]
        if hour % 24 == 7:
            born.append(Kept("seldom", hour, 16, hour, hour, Trust.UNSYNCED))
        if hour > 24 * 10:
            born.append(Kept("late", hour, 8, hour, hour, Trust.UNSYNCED))
        kept += born
        free_bytes = capacity_bytes - sum(each.size_bytes for each in kept)
        for gone, _ in list(for_space(kept, need_bytes=rules.short_bytes(free_bytes), rules=rules, turns=turns)):
            kept.remove(gone)

    depth_days = {c: (24 * 30 - min(e.seq for e in kept if e.camera == c)) / 24 for c in ("large", "small", "late")}
    seldom_days = (24 * 30 - min(e.seq for e in kept if e.camera == "seldom")) / 24
    assert len(turns.given) == 4
    assert max(depth_days.values()) <= 1.15 * min(depth_days.values()), depth_days
    assert seldom_days == pytest.approx(depth_days["large"], abs=1.5)


def test_many_small_deletions_are_as_fair_as_a_large_one() -> None:
    kept = [*minutes(500, size_bytes=40), *minutes(500, camera="yard", size_bytes=10)]
    turns, gone = Turns(), list[Kept]()
    for _ in range(50):
        gone += space([each for each in kept if each not in gone], 1, turns=turns)
    assert abs(sum(each.camera == "gate" for each in gone) - 25) <= 1


def test_a_camera_that_comes_late_owes_nothing_for_the_time_before() -> None:
    turns = Turns({"gate": 3.0, "gone": 0.5})
    gone = space([*minutes(500), *minutes(500, camera="yard")], 100, turns=turns)
    assert sum(each.camera == "yard" for each in gone) == 5
    assert set(turns.given) == {"gate", "yard"}


def test_a_plan_that_was_dropped_halfway_has_cost_only_what_was_deleted() -> None:
    turns = Turns()
    plan = for_space(minutes(100), need_bytes=500, rules=RULES, turns=turns)
    next(plan)
    assert turns.given == {"gate": 0.0}
    next(plan)
    plan.close()  # type: ignore[attr-defined]
    assert turns.given == {"gate": pytest.approx(1 / 90)}


# Days


def days(kept: list[Kept], *, now_us: int = NOW_US, days_count: bool = True) -> list[int]:
    return seqs(for_days(kept, rules=RULES, now_us=now_us, days_count=days_count))


def test_days_delete_what_ended_too_long_ago() -> None:
    kept = minutes(50, until_us=NOW_US - 30 * DAY_US + 20 * MINUTE_US)
    assert days(kept) == list(range(1, 30))
    assert list(for_days(kept, rules=replace(RULES, keep_days=0), now_us=NOW_US, days_count=True)) == []
    kept[3] = replace(kept[3], held=True)
    assert days(kept) == [1, 2, 3, *range(5, 30)]


@pytest.mark.parametrize("jump_us", [0, 10 * YEAR_US, -10 * YEAR_US])
@pytest.mark.parametrize("online", [True, False])
def test_a_hundred_segments_and_a_clock_ten_years_off_zero_deleted(jump_us: int, *, online: bool) -> None:
    clock, kept = HandClock(wall_us=NOW_US), minutes(100)
    watch = Watch.new(built_us=NOW_US - YEAR_US, newest_us=NOW_US)
    for n in range(60):
        clock.sleep(600)
        if n == 20:
            clock.step(jump_us / 1e6)
        watch, _ = watch.after(look(clock, boot="b" if n < 40 else "c", synced=online))
        assert days(kept, now_us=clock.wall_us(), days_count=watch.days_count) == []

    # The same days do delete once somebody has said that this is the time.
    if online and jump_us > 0:
        assert len(days(kept, now_us=clock.wall_us(), days_count=watch.confirmed().days_count)) == 90


def test_a_segment_from_before_the_clock_was_set_is_as_old_as_the_one_after_it() -> None:
    old, young = NOW_US - 40 * DAY_US, NOW_US - 5 * DAY_US
    first, rest = minutes(1, until_us=12345, clock=Trust.UNSYNCED), minutes(50, until_us=old)
    kept = [*first, *(replace(each, seq=each.seq + 1) for each in rest)]
    assert days(kept) == list(range(1, 42))

    kept = [*first, *(replace(each, seq=each.seq + 1) for each in minutes(50, until_us=young))]
    assert days(kept) == []
    assert days(minutes(50, until_us=12345, clock=Trust.UNSYNCED)) == []
    assert days(minutes(50, until_us=old, clock=Trust.STEPPED)) == []


def test_a_lying_clock_condemns_no_segment_that_an_honest_one_dated() -> None:
    kept = minutes(50, until_us=NOW_US - 5 * DAY_US)
    kept[30] = replace(kept[30], ended_us=NOW_US - 10 * YEAR_US)
    assert days(kept) == []


@given(SEGMENTS, st.integers(0, NOW_US))
def test_days_spare_the_held_the_newest_and_all_that_a_believable_clock_calls_young(
    kept: list[Kept], now_us: int
) -> None:
    gone = [each for each, _ in for_days(kept, rules=RULES, now_us=now_us, days_count=True)]
    edge_us = now_us - 30 * DAY_US
    assert not any(each.held for each in gone)
    for each in gone:
        mine = [other for other in kept if other.camera == each.camera]
        assert each.seq < max(other.seq for other in mine)
        assert not [o for o in mine if o.seq <= each.seq and o.clock is Trust.SYNCED and o.ended_us >= edge_us]
        assert [o for o in mine if o.seq >= each.seq and o.clock is Trust.SYNCED and o.ended_us < edge_us]
    assert list(for_days(kept, rules=RULES, now_us=now_us, days_count=False)) == []
