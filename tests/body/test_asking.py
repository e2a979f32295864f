"""Whom lookout asks when, on a clock moved by hand: the dead cost what they are allowed, and no living one its turn."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigil.body.asking import (
    ASKS_A_SECOND,
    MISSED_US,
    OTHERS_A_SECOND,
    SECOND_US,
    WITNESS,
    Ask,
    Asking,
)

INTERVAL_US = 30 * SECOND_US


def asking(names: list[str], *, interval_us: int = INTERVAL_US) -> Asking:
    one = Asking(names, interval_us=interval_us, now_us=0)
    for number, name in enumerate((WITNESS, *names)):
        one.at(name, f"10.0.{number // 250}.{number % 250 + 1}")
    return one


def live(one: Asking, there: set[str], *, seconds: int, begin_s: int = 0) -> dict[int, list[Ask]]:
    """Let time pass; whoever is there answers at once. Returns who was asked in each second."""
    asked: dict[int, list[Ask]] = {}
    for second in range(begin_s, begin_s + seconds):
        asked[second] = one.asks(second * SECOND_US)
        for ask in asked[second]:
            if ask.name in there:
                one.answered(ask.name, second * SECOND_US)
    return asked


def turns(asked: dict[int, list[Ask]], name: str) -> list[int]:
    return [second for second, asks in asked.items() if name in [ask.name for ask in asks]]


def test_everybody_is_asked_once_an_interval():
    one = asking(["anna", "ben"])
    asked = live(one, {WITNESS, "anna", "ben"}, seconds=120)

    assert turns(asked, "anna") == turns(asked, "ben") == turns(asked, WITNESS) == [0, 30, 60, 90]
    assert one.missed() == []


def test_who_was_there_and_is_silent_is_asked_twice_more_before_they_are_missed():
    one = asking(["anna"])
    live(one, {"anna"}, seconds=30)
    asked = live(one, set(), seconds=13, begin_s=30)
    assert turns(asked, "anna") == [30, 32, 35]
    assert one.missed() == []

    one.asks(43 * SECOND_US)
    assert one.missed() == ["anna"] and one.missed() == []


def test_who_is_away_costs_one_ask_an_interval():
    one = asking(["anna"])
    live(one, set(), seconds=30)
    asked = live(one, set(), seconds=120, begin_s=30)

    assert turns(asked, "anna") == [30, 60, 90, 120]
    assert one.missed() == ["anna"] * 5


def test_200_dead_cost_four_asks_a_second_and_the_living_keep_their_turns():
    dead = [f"dead-{number}" for number in range(197)]
    one = asking([*dead, "anna", "ben", "carl"])
    asked = live(one, {WITNESS, "anna", "ben", "carl"}, seconds=600)

    settled = {second: asks for second, asks in asked.items() if second >= 60}
    others = Counter({second: sum(a.name in dead for a in asks) for second, asks in settled.items()})
    assert max(others.values()) == OTHERS_A_SECOND
    assert max(len(asks) for asks in asked.values()) <= ASKS_A_SECOND
    for name in (WITNESS, "anna", "ben", "carl"):
        at = turns(settled, name)
        assert {late - early for early, late in pairwise(at)} == {30}
    waits = defaultdict(list)
    for name in dead:
        at = turns(settled, name)
        waits[name] = [late - early for early, late in pairwise(at)]
    assert max(max(one) for one in waits.values()) <= 50


def test_who_comes_home_among_200_dead_is_asked_within_50_seconds():
    dead = [f"dead-{number}" for number in range(199)]
    one = asking([*dead, "anna"])
    live(one, {WITNESS}, seconds=200)
    asked = live(one, {WITNESS, "anna"}, seconds=60, begin_s=200)

    assert turns(asked, "anna")[0] <= 250


def test_200_who_all_fall_silent_at_once_stay_within_the_pace():
    names = [f"phone-{number}" for number in range(200)]
    one = asking(names, interval_us=10 * SECOND_US)
    live(one, {WITNESS, *names}, seconds=120)
    asked = live(one, set(), seconds=300, begin_s=120)

    assert max(len(asks) for asks in asked.values()) == ASKS_A_SECOND
    assert set(one.missed()) == set(names)


def test_addresses_are_tried_with_what_the_others_leave():
    one = asking(["anna", *(f"dead-{number}" for number in range(60))])
    live(one, {"anna", WITNESS}, seconds=30)
    one.search([f"10.9.0.{number}" for number in range(200)])
    asked = live(one, {"anna", WITNESS}, seconds=300, begin_s=30)

    tried = [ask.address for asks in asked.values() for ask in asks if ask.name is None]
    assert len(tried) == len(set(tried)) == 200 and not one.searches(330 * SECOND_US)
    assert max(sum(a.name not in ("anna", WITNESS) for a in asks) for asks in asked.values()) == OTHERS_A_SECOND
    assert turns(asked, "anna")[0] == 30


def test_a_name_that_nobody_knows_is_missed_and_not_asked():
    one = Asking(["anna"], interval_us=INTERVAL_US, now_us=0)
    assert not any(live(one, set(), seconds=31).values())
    assert one.missed() == ["anna", "anna"]

    one.at("anna", "10.0.0.9")
    assert turns(live(one, set(), seconds=50, begin_s=31), "anna") == [60]


def test_nobody_is_missed_while_an_address_that_was_tried_may_still_answer():
    one = Asking(["anna"], interval_us=INTERVAL_US, now_us=0)
    one.search([f"10.9.0.{number}" for number in range(120)])
    live(one, set(), seconds=42)
    assert one.missed() == [] and one.searches(41 * SECOND_US)

    live(one, set(), seconds=2, begin_s=42)
    assert one.missed() == ["anna"]


def test_nobody_is_missed_at_an_address_that_they_have_left():
    one = asking(["anna"])
    one.asks(0)
    one.at("anna", "10.0.0.77")
    assert [ask for ask in one.asks(SECOND_US) if ask.name == "anna"] == [Ask("anna", "10.0.0.77")]
    one.asks(SECOND_US + MISSED_US - 1)
    assert one.missed() == []


def test_nothing_is_due_twice_in_a_second_and_nothing_is_forgotten():
    one = asking([f"m-{number}" for number in range(50)])
    at_us = 0
    for _ in range(300):
        one.asks(at_us)
        assert one.due_us >= at_us + SECOND_US
        assert one.asks(at_us + SECOND_US - 1) == []
        at_us = one.due_us
    assert at_us < 400 * SECOND_US


@given(
    st.integers(0, 200), st.integers(10, 120),
    st.lists(st.sets(st.integers(0, 199), max_size=40), min_size=1, max_size=6),
)  # fmt: skip
def test_whoever_is_there_or_not_the_pace_holds_and_everybody_is_answered_or_missed(number, interval_s, phases):
    names = [f"m-{n}" for n in range(number)]
    one = asking(names, interval_us=interval_s * SECOND_US)
    second = 0
    for phase in phases:
        there = {f"m-{n}" for n in phase}
        asked = live(one, there, seconds=60, begin_s=second)
        second += 60
        assert all(len(asks) <= ASKS_A_SECOND for asks in asked.values())
        assert all(len({ask.name for ask in asks}) == len(asks) for asks in asked.values())
        # Who answered in the first second of a phase, and every time after it, cannot have been missed.
        answered = {ask.name for ask in asked[min(asked)] if ask.name in there}
        assert not answered & set(one.missed())
