"""The plan of what to delete: all rules together, each asking only for what the others leave."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.clock.trust import Trust
from vigil.config.model import Camera
from vigil.config.model_storage import Storage
from vigil.store.plan import Plan, plan, rules_of
from vigil.store.retention import Kept, Own, Reason, Rules, Turns

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
NOW_US = 1_770_000_000_000_000
RULES = Rules(free_start_bytes=100, free_target_bytes=200, youngest_s=0)


def minutes(
    count: int, *, camera: str = "gate", until_us: int = NOW_US, size_bytes: int = 10, starred: bool = False
) -> list[Kept]:
    """Segments of a minute each, the newest of which ended at `until_us`."""
    ends_us = [until_us - n * MINUTE_US for n in reversed(range(count))]
    return [
        Kept(camera, seq, size_bytes, end_us - MINUTE_US, end_us, Trust.SYNCED, starred=starred)
        for seq, end_us in enumerate(ends_us, start=1)
    ]


def planned(kept: list[Kept], rules: Rules, *, free_bytes: int = 1000, at_most: int = 1000) -> Plan:
    return plan(
        kept, rules=rules, free_bytes=free_bytes, now_us=NOW_US, days_count=True, turns=Turns(), at_most=at_most
    )


def gone(found: Plan, reason: Reason) -> list[tuple[str, int]]:
    return [(one.camera, one.seq) for one, why in found.orders if why is reason]


def test_a_camera_with_days_of_its_own_keeps_those_and_the_others_those_of_the_store():
    kept = [*minutes(3, camera="door", until_us=NOW_US - 5 * DAY_US), *minutes(3, until_us=NOW_US - 5 * DAY_US)]
    rules = replace(RULES, keep_days=30, own={"door": Own(keep_days=3), "other": Own(keep_days=1)})

    assert gone(planned(kept, rules), Reason.DAYS) == [("door", 1), ("door", 2)]
    longer = replace(RULES, keep_days=3, own={"door": Own(keep_days=30)})
    assert gone(planned(kept, longer), Reason.DAYS) == [("gate", 1), ("gate", 2)]


def test_a_camera_with_a_limit_of_its_own_pays_for_it_alone():
    kept = [*minutes(50), *minutes(50, camera="door")]

    found = planned(kept, replace(RULES, own={"door": Own(maximum_bytes=400)}))

    assert gone(found, Reason.OWN_LIMIT) == [("door", seq) for seq in range(1, 13)]  # a twentieth below 400
    assert len(found.orders) == 12


def test_what_goes_for_one_reason_is_not_asked_for_again_for_another():
    kept = minutes(50)
    rules = replace(RULES, maximum_bytes=450, own={"gate": Own(maximum_bytes=400)})

    found = planned(kept, rules, free_bytes=90)

    assert {why for _, why in found.orders} == {Reason.OWN_LIMIT}
    assert sum(one.size_bytes for one, _ in found.orders) == 120


def test_with_deletion_off_nothing_goes_and_what_is_missing_is_known():
    found = planned(minutes(50), replace(RULES, delete=False, keep_days=1, maximum_bytes=100), free_bytes=40)

    assert found.orders == ()
    assert (found.short_bytes, found.over_bytes) == (160, 405)


def test_stars_are_given_up_last_for_want_of_room_alone_and_only_where_the_owner_says_so():
    kept = [*minutes(5, starred=True), *minutes(3, camera="door")]
    kept[1] = replace(kept[1], held=True, starred=False)
    short = replace(RULES, free_target_bytes=140)

    assert gone(planned(kept, short, free_bytes=99), Reason.STAR) == []
    generous = replace(short, give_up_stars=True)
    assert gone(planned(kept, generous, free_bytes=99), Reason.STAR) == [], "the others were enough for now"
    found = planned(kept, generous, free_bytes=70)
    assert [why for _, why in found.orders] == [Reason.SPACE] * 2 + [Reason.STAR] * 3
    assert gone(found, Reason.STAR) == [("gate", 1), ("gate", 3), ("gate", 4)]
    tight = replace(generous, keep_days=1e-9, maximum_bytes=10, own={"gate": Own(maximum_bytes=10)})
    assert gone(planned(kept, tight), Reason.STAR) == []


def test_no_more_goes_at_once_than_is_asked_for_and_only_that_counts_as_given():
    turns = Turns()
    found = plan(
        minutes(100), rules=RULES, free_bytes=0, now_us=NOW_US, days_count=True, turns=turns, at_most=3
    )  # fmt: skip

    assert len(found.orders) == 3
    assert turns.given == {"gate": pytest.approx(2 / 99)}  # the third is counted when the fourth is drawn


SEGMENTS = st.lists(
    st.builds(
        Kept,
        st.sampled_from(["gate", "door"]),
        st.integers(1, 40),
        st.integers(0, 1000),
        st.integers(NOW_US - 9 * DAY_US, NOW_US),
        st.integers(NOW_US - 9 * DAY_US, NOW_US),
        st.sampled_from(list(Trust)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda kept: (kept.camera, kept.seq),
)
ANY_RULES = st.builds(
    lambda days, own_days, limit, give_up: replace(
        RULES, keep_days=days, maximum_bytes=limit, give_up_stars=give_up, own={"door": Own(own_days, limit // 2)}
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 3000),
    st.booleans(),
)


@given(SEGMENTS, ANY_RULES, st.integers(0, 500), st.integers(0, 50))
def test_whatever_the_rules_nothing_held_goes_and_nothing_twice(kept: list[Kept], rules: Rules, free: int, most: int):
    found = planned(kept, rules, free_bytes=free, at_most=most)

    whose = [(one.camera, one.seq) for one, _ in found.orders]
    by_name = {(each.camera, each.seq): each for each in kept}
    newest = {each.camera: max(one.seq for one in kept if one.camera == each.camera) for each in kept}
    assert len(set(whose)) == len(whose) <= most
    assert not any(by_name[each].held for each in whose)
    stars = {why for one, why in found.orders if by_name[one.camera, one.seq].starred}
    assert stars <= ({Reason.STAR} if rules.give_up_stars else set())
    assert not [each for each in whose if newest[each[0]] == each[1]]


def test_rules_follow_from_the_configuration_and_the_size_of_the_disk():
    cameras = [Camera(id="gate", source="synthetic", keep_days=3, maximum_bytes=2_000_000)]
    rules = rules_of(Storage(keep_days=9, free_start_pct=5, free_target_pct=10), cameras, total_bytes=1000)

    assert (rules.free_start_bytes, rules.free_target_bytes) == (50, 100)
    assert (rules.days_of("gate"), rules.days_of("door"), rules.limited()) == (3, 9, ["gate"])
    unknown = rules_of(Storage(free_start_pct=5, free_target_pct=10), (), total_bytes=0)
    assert (unknown.free_start_bytes, unknown.free_target_bytes) == (10**9, 2 * 10**9)
