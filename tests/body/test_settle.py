"""Bounce is taken out of a line, and a line that never stands still costs one word a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigil.body.settle import Felt, Settle

MS = 1000


def line(*, active: bool = False, bounce_ms: int = 50) -> Settle:
    return Settle(active=active, bounce_us=bounce_ms * MS, at_us=0)


def test_a_level_counts_once_it_has_stood_and_from_when_it_began_to():
    one = line()
    assert one.edge(active=True, at_us=1000 * MS) == []
    assert one.due_us == 1050 * MS

    assert one.look(1050 * MS - 1) == []
    assert one.look(1050 * MS) == [Felt(True, 1, 1000 * MS)]
    assert (one.due_us, one.active) == (None, True)


def test_a_bounce_is_one_change():
    one = line()
    felt = [f for at in range(9) for f in one.edge(active=at % 2 == 0, at_us=1000 * MS + at * 3 * MS)]

    assert felt == []
    assert one.look(1100 * MS) == [Felt(True, 1, 1024 * MS)]


def test_a_spark_on_the_wire_is_none():
    one = line()
    one.edge(active=True, at_us=1000 * MS)
    one.edge(active=False, at_us=1002 * MS)

    assert one.look(2000 * MS) == []
    assert one.due_us is None


def test_edges_that_are_told_late_are_judged_by_their_times():
    one = line()
    felt = [*one.edge(active=True, at_us=1000 * MS), *one.edge(active=False, at_us=1200 * MS), *one.look(1300 * MS)]

    assert felt == [Felt(True, 1, 1000 * MS), Felt(False, 1, 1200 * MS)]


def test_a_line_that_swings_at_1_khz_for_a_minute_costs_one_word_a_second():
    one = line()
    felt = []
    for at in range(60_000):
        felt += one.edge(active=at % 2 == 0, at_us=at * MS)
        if at % 50 == 0:
            felt += one.look(at * MS)

    assert len(felt) == 59
    assert all(f.active is False and 990 <= f.changes <= 1010 for f in felt)
    assert one.look(60_000 * MS + 50 * MS) == []


def test_a_line_that_comes_to_rest_after_swinging_is_as_it_rests():
    one = line()
    for at in range(3_001):
        one.edge(active=at % 2 == 0, at_us=at * MS)

    assert one.look(3_050 * MS) == [Felt(True, 1, 3_000 * MS)]


@given(st.lists(st.integers(1, 400), max_size=40), st.integers(1, 200))
def test_whatever_the_edges_what_is_felt_is_a_level_that_stood(gaps, bounce_ms):
    one = line(bounce_ms=bounce_ms)
    at_us, level, felt = 0, False, []
    stood: list[bool] = []
    for gap in gaps:
        if gap >= bounce_ms:
            stood.append(level)
        at_us, level = at_us + gap * MS, not level
        felt += one.edge(active=level, at_us=at_us)
    felt += one.look(at_us + bounce_ms * MS)
    stood.append(level)

    changes = [now for before, now in zip([False, *stood], stood, strict=False) if now != before]
    assert [f.active for f in felt if f.changes == 1 and f.at_us % MS == 0][-len(changes) :] == changes or not changes
    assert one.active is level
