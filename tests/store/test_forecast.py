"""When the disk will be full: what is foreseen comes true, and what nobody can know is not foreseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.clock.trust import Trust
from vigil.store.forecast import DAY_US, Fate, Forecast, bytes_a_day, forecast
from vigil.store.hold_ranges import Range
from vigil.store.keeps import FOREVER_US, How, Span
from vigil.store.plan import plan
from vigil.store.retention import Kept, Own, Rules, Turns

NOW_US = 1_770_000_000_000_000
HOUR_US = DAY_US // 24
RULES = Rules(free_start_bytes=1000, free_target_bytes=2000)
EVER = Span(0, FOREVER_US)


def hours(count: int, *, camera: str = "gate", size_bytes: int = 100, until_us: int = NOW_US) -> list[Kept]:
    """So many segments of an hour each, the newest of which ended at `until_us`."""
    ends_us = [until_us - n * HOUR_US for n in reversed(range(count))]
    return [
        Kept(camera, seq, size_bytes, end_us - HOUR_US, end_us, Trust.SYNCED) for seq, end_us in enumerate(ends_us, 1)
    ]


def seen(kept: list[Kept], rules: Rules = RULES, *, free_bytes: int = 100_000, **also: object) -> Forecast:
    known: dict[str, object] = {"now_us": NOW_US, "clock_is_right": True, "ranges": {}, **also}
    return forecast(kept, rules=rules, free_bytes=free_bytes, **known)  # type: ignore[arg-type]


def kept_range(how: How = How.HOLD, span: Span = EVER) -> dict[str, list[Range]]:
    return {"gate": [Range(span, how, "me", "court", 1)]}


def test_what_was_recorded_in_the_last_week_is_what_is_recorded_in_a_day():
    kept = [
        *hours(24 * 20),
        *hours(24 * 2, camera="yard", size_bytes=10),
        *hours(5, camera="old", until_us=NOW_US // 2),
    ]
    daily = bytes_a_day(kept, NOW_US)

    assert daily == {"gate": pytest.approx(2400), "yard": pytest.approx(240), "old": 0}


def test_a_disk_becomes_full_and_from_then_on_the_oldest_go():
    found = seen(hours(24 * 10), free_bytes=24_000 + 1000)

    assert found.fate is Fate.TURNS_OVER
    assert found.full_days == pytest.approx(10, abs=0.3)
    assert found.kept_days == pytest.approx(20, abs=0.3)


def test_a_disk_that_is_full_says_how_far_back_it_reaches():
    found = seen(hours(24 * 30), free_bytes=990)

    assert (found.fate, found.full_days) == (Fate.TURNS_OVER, 0)
    assert found.kept_days == pytest.approx(30, abs=0.3)


def test_days_and_limits_may_keep_it_from_ever_becoming_full():
    kept = hours(24 * 10)
    assert seen(kept, replace(RULES, keep_days=30), free_bytes=60_000).fate is Fate.STAYS
    assert seen(kept, replace(RULES, keep_days=40), free_bytes=60_000).fate is Fate.TURNS_OVER
    assert seen(kept, replace(RULES, maximum_bytes=50_000), free_bytes=60_000).fate is Fate.STAYS
    assert seen(kept, replace(RULES, own={"gate": Own(maximum_bytes=50_000)}), free_bytes=60_000).fate is Fate.STAYS
    assert seen(kept, replace(RULES, own={"gate": Own(keep_days=30)}), free_bytes=60_000).fate is Fate.STAYS


def test_with_deletion_off_it_fills_up():
    found = seen(hours(24 * 10), replace(RULES, delete=False, keep_days=3), free_bytes=24_000)

    assert (found.fate, found.why) == (Fate.FILLS_UP, "nothing is deleted automatically")
    assert found.full_days == pytest.approx(10, abs=0.3)


def test_what_is_held_leaves_less_for_what_turns_over():
    kept = hours(24 * 20)
    held = [replace(one, held=True) if one.seq <= 240 else one for one in kept]

    assert seen(kept, free_bytes=25_000).kept_days == pytest.approx(30, abs=0.3)
    assert seen(held, free_bytes=25_000).kept_days == pytest.approx(20, abs=0.3)


def test_a_time_to_come_that_is_held_may_fill_it_up():
    kept = hours(24 * 10)

    for_ever = seen(kept, free_bytes=25_000, ranges=kept_range())
    assert (for_ever.fate, for_ever.why) == (Fate.FILLS_UP, "what is held may not go")
    assert for_ever.full_days == pytest.approx(10 + 10 + 0.4, abs=0.5), "what is there goes first"
    week = Span(NOW_US, NOW_US + 7 * DAY_US)
    assert seen(kept, free_bytes=25_000, ranges=kept_range(span=week)).fate is Fate.TURNS_OVER


def test_a_star_binds_as_a_hold_does_unless_it_is_given_up():
    kept = [replace(one, starred=True) for one in hours(24 * 10)]

    assert seen(kept, free_bytes=25_000, ranges=kept_range(How.STAR)).fate is Fate.FILLS_UP
    generous = seen(kept, replace(RULES, give_up_stars=True), free_bytes=25_000, ranges=kept_range(How.STAR))
    assert generous.fate is Fate.TURNS_OVER
    assert generous.kept_days == pytest.approx(20, abs=0.3)


def test_nobody_foresees_what_a_clock_cannot_tell_or_what_was_hardly_recorded_yet():
    assert seen([]).why.startswith("too little was recorded")
    assert seen([replace(one, clock=Trust.UNSYNCED) for one in hours(99)]).fate is Fate.UNKNOWN
    young = [Kept("gate", 1, 9, NOW_US - HOUR_US // 2, NOW_US, Trust.SYNCED)]
    assert seen(young).fate is Fate.UNKNOWN
    assert seen(hours(1)).fate is Fate.TURNS_OVER


def test_without_a_clock_lengths_are_counted_and_nothing_is_expected_to_go_by_age():
    jumping = [
        replace(one, ended_us=one.ended_us - 9 * DAY_US, started_us=one.started_us - 9 * DAY_US) for one in hours(48)
    ]
    unsure = [replace(one, clock=Trust.UNSYNCED) for one in (*jumping[:24], *hours(48)[24:])]
    rules = replace(RULES, keep_days=1, own={"gate": Own(keep_days=1)})

    found = seen(unsure, rules, free_bytes=24_000 + 1000, clock_is_right=False)

    assert (found.fate, found.by_clock) == (Fate.TURNS_OVER, False)
    assert found.daily == {"gate": pytest.approx(2400)}
    assert found.full_days == pytest.approx(10, abs=0.3)
    assert found.kept_days == pytest.approx(12, abs=0.3)
    odd = [*unsure[:-1], replace(unsure[-1], ended_us=unsure[-1].started_us - DAY_US)]
    assert seen(odd, rules, clock_is_right=False).daily == {"gate": pytest.approx(2400, rel=0.03)}, "a step in it"
    assert seen([], clock_is_right=False).fate is Fate.UNKNOWN


def test_where_nothing_is_recorded_any_more_it_says_so():
    found = seen(hours(9, until_us=NOW_US - 20 * DAY_US) + hours(2, camera="yard", size_bytes=0))

    assert (found.fate, found.why) == (Fate.STAYS, "nothing is being recorded")


@settings(max_examples=20)  # each plays forty days
@given(
    st.dictionaries(st.sampled_from(["gate", "yard", "door"]), st.integers(1, 100), min_size=1),
    st.integers(0, 30),
    st.integers(0, 40_000),
    st.integers(0, 20_000),
    st.integers(0, 100_000),
)
def test_what_is_foreseen_comes_true(daily: dict[str, int], days: int, limit: int, own_limit: int, room: int):
    """The same rules that guard deletes by, played by the hour, meet what was foreseen at about the time foreseen."""
    rules = replace(RULES, keep_days=days, maximum_bytes=limit, own={"gate": Own(0, own_limit)}, youngest_s=0)
    kept = [one for camera, size in daily.items() for one in hours(48, camera=camera, size_bytes=size)]
    found = seen(kept, rules, free_bytes=room)

    spared = replace(rules, free_start_bytes=-(10**12))  # nothing goes for want of room, which we wait for
    free, turns, met_days = room, Turns(), -1.0
    for hour in range(1, 24 * 40, 2):
        at_us = NOW_US + hour * HOUR_US
        fresh = [Kept(one, 48 + hour, 2 * size, at_us, at_us, Trust.SYNCED) for one, size in daily.items()]
        kept, free = kept + fresh, free - 2 * sum(daily.values())
        done = plan(
            kept, rules=spared, free_bytes=free, now_us=at_us, days_count=True, turns=turns, at_most=10**6
        )  # fmt: skip
        gone = {(one.camera, one.seq) for one, _ in done.orders}
        kept, free = [one for one in kept if (one.camera, one.seq) not in gone], free + sum(
            one.size_bytes for one, _ in done.orders
        )  # fmt: skip
        if free < rules.free_start_bytes:
            met_days = hour / 24
            break

    if 0 <= met_days < 30:
        assert found.fate is Fate.TURNS_OVER
        assert found.full_days == pytest.approx(met_days, abs=0.75, rel=0.2)
    elif found.fate is Fate.TURNS_OVER:
        assert found.full_days > 25
