"""What must hold of every plan, whatever lies on the disk and whatever the owner has set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vigil.clock.trust import Trust
from vigil.store.plan import Plan, plan
from vigil.store.retention import LONGEST_US, Kept, Own, Reason, Rules, Turns

DAY_US = 86_400_000_000
NOW_US = 1_770_000_000_000_000
CAMERAS = ("door", "gate", "yard")
MINUTE_US = 60_000_000
SELDOM = st.sampled_from([False, False, False, True])


def segment(camera: str, size_bytes: int, ended_us: int, minutes: int, clock: Trust, **marks: bool) -> Kept:
    return Kept(camera, 0, size_bytes, ended_us - minutes * MINUTE_US, ended_us, clock, **marks)


ANY_STORE = st.lists(
    st.builds(
        segment,
        st.sampled_from(CAMERAS), st.integers(0, 1000), st.integers(NOW_US - 9 * DAY_US, NOW_US),
        st.sampled_from([-3, 0, 1, 1, 10, 50, 90]), st.sampled_from([Trust.SYNCED, Trust.SYNCED, *Trust]),
        held=SELDOM, starred=SELDOM,
    ),
    min_size=15, max_size=40,
).map(lambda all_: [replace(one, seq=40 - n) for n, one in enumerate(all_)])  # fmt: skip
"""Segments in no order, some held, starred or both, with clocks that contradict each other and lengths nothing has."""

DAYS = st.one_of(st.just(0), st.integers(1, 9))
ANY_RULES = st.builds(
    Rules,
    free_start_bytes=st.integers(0, 5000), free_target_bytes=st.integers(0, 9000),
    maximum_bytes=st.one_of(st.just(0), st.integers(3000, 12_000)), keep_days=DAYS, youngest_s=st.just(0.0),
    give_up_stars=st.booleans(),
    own=st.dictionaries(st.sampled_from(CAMERAS), st.builds(Own, DAYS, st.integers(0, 5000)), max_size=1),
)  # fmt: skip
FREE_BYTES = st.integers(0, 4000)


def planned(kept: Sequence[Kept], rules: Rules, free_bytes: int, *, at_most: int = 1000, days: bool = True) -> Plan:
    return plan(
        kept, rules=rules, free_bytes=free_bytes, now_us=NOW_US, days_count=days, turns=Turns(), at_most=at_most
    )


def without(kept: Sequence[Kept], gone: Iterable[tuple[Kept, Reason]]) -> list[Kept]:
    names = {(one.camera, one.seq) for one, _ in gone}
    return [one for one in kept if (one.camera, one.seq) not in names]


def may_go(kept: Sequence[Kept], rules: Rules) -> list[Kept]:
    """What no rule protects: not held, no star that binds, not a camera's newest."""
    newest = {one.camera: max(other.seq for other in kept if other.camera == one.camera) for one in kept}
    loose = [one for one in kept if not one.held and one.seq < newest[one.camera]]
    return [one for one in loose if rules.give_up_stars or not one.starred]


@given(ANY_STORE, ANY_RULES, FREE_BYTES, st.integers(0, 40), st.booleans())
def test_what_goes_may_go(kept: list[Kept], rules: Rules, free: int, most: int, days: bool) -> None:
    gone = planned(kept, rules, free, at_most=most, days=days).orders

    loose = {(one.camera, one.seq) for one in may_go(kept, rules)}
    assert {(one.camera, one.seq) for one, _ in gone} <= loose
    assert days or not any(why is Reason.DAYS for _, why in gone)
    assert not planned(kept, replace(rules, delete=False), free).orders


@given(ANY_STORE, ANY_RULES, FREE_BYTES)
def test_a_disk_stays_short_only_where_nothing_more_may_go(kept: list[Kept], rules: Rules, free: int) -> None:
    found = planned(kept, rules, free)

    if found.short_bytes:
        assert may_go(without(kept, found.orders), rules) == []


@given(ANY_STORE, ANY_RULES, FREE_BYTES, st.integers(1, 3))
def test_a_few_at_a_time_come_to_the_same_end(kept: list[Kept], rules: Rules, free: int, most: int) -> None:
    """A plan that may take only a few is followed by others; they neither stand still nor leave the disk short."""
    left = kept
    while (step := planned(left, rules, free, at_most=most)).orders:
        left, free = without(left, step.orders), free + sum(one.size_bytes for one, _ in step.orders)

    assert not (step.short_bytes and may_go(left, rules))


@given(ANY_STORE, ANY_RULES, FREE_BYTES, st.integers(0, 40))
def test_of_each_camera_the_oldest_goes_first(kept: list[Kept], rules: Rules, free: int, most: int) -> None:
    gone = planned(kept, rules, free, at_most=most).orders

    for n, (one, why) in enumerate(gone):
        still_there = without(kept, gone[:n])
        # A star is given up when nothing else of the camera may go, and then the oldest star.
        older = [each for each in still_there if each.camera == one.camera and each.seq < one.seq]
        assert all(each.held or (each.starred and why is not Reason.STAR) for each in older)


@given(ANY_STORE, ANY_RULES, FREE_BYTES)
def test_stars_go_when_nothing_else_may(kept: list[Kept], rules: Rules, free: int) -> None:
    gone = planned(kept, rules, free).orders

    starred = {(one.camera, one.seq) for one in kept if one.starred}
    first = next((n for n, (one, _) in enumerate(gone) if (one.camera, one.seq) in starred), None)
    if first is not None:
        loose = may_go(without(kept, gone[:first]), replace(rules, give_up_stars=False))
        assert loose == []


@given(ANY_STORE, ANY_RULES, FREE_BYTES)
def test_no_more_goes_than_a_rule_asks_for(kept: list[Kept], rules: Rules, free: int) -> None:
    target = max(rules.free_start_bytes, rules.free_target_bytes)
    gone = planned(kept, rules, free).orders

    for n, (one, why) in enumerate(gone):
        left = without(kept, gone[:n])
        mine = sum(each.size_bytes for each in left if each.camera == one.camera)
        if why in (Reason.SPACE, Reason.STAR):
            assert free + sum(each.size_bytes for each, _ in gone[:n]) < target
        elif why is Reason.LIMIT:
            assert sum(each.size_bytes for each in left) > rules.maximum_bytes - rules.maximum_bytes // 20
        elif why is Reason.OWN_LIMIT:
            own = rules.own[one.camera].maximum_bytes
            assert mine > own - own // 20
        else:
            assert rules.days_of(one.camera)


@given(ANY_STORE, ANY_RULES, st.integers(1, 4 * 3600))
def test_the_youngest_stay_however_short_room_is(kept: list[Kept], rules: Rules, youngest_s: int) -> None:
    gone = planned(kept, replace(rules, youngest_s=youngest_s, free_start_bytes=10**9), 0).orders

    for one, _ in gone:
        lengths = [o.ended_us - o.started_us for o in kept if o.camera == one.camera and o.seq > one.seq]
        assert sum(us for us in lengths if 0 < us <= LONGEST_US) >= youngest_s * 1_000_000
