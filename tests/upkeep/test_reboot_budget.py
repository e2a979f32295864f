"""How often a box restarts itself, and that it stops when that does not help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.errors import FormatError
from vigil.upkeep.reboot_budget import FORGIVEN_S, WAITS_S, Budget, Ended, Note, begun


def test_the_first_restart_is_free_and_each_next_one_waits_longer():
    budget, waits = Budget(), []
    while (wait_s := budget.wait_s) is not None:
        waits.append(wait_s)
        budget = budget.lived(wait_s).spent()

    assert waits == list(WAITS_S) and waits == sorted(waits)


def test_when_restarts_do_not_help_the_box_stays_up_for_a_day():
    budget = Budget()
    for wait_s in WAITS_S:
        budget = budget.lived(wait_s).spent()

    assert budget.lived(FORGIVEN_S - 1).wait_s is None
    assert budget.lived(FORGIVEN_S) == Budget()


@given(spans=st.lists(st.tuples(st.integers(0, 7200), st.booleans()), max_size=60))
def test_no_history_allows_more_than_four_restarts_in_a_day(spans):
    budget, restarts, up_s = Budget(), [], 0
    for seconds, wanted in spans:
        budget, up_s = budget.lived(seconds), up_s + seconds
        if wanted and budget.wait_s == 0:
            budget = budget.spent()
            restarts.append(up_s)

    assert all(sum(1 for at in restarts if end - FORGIVEN_S < at <= end) <= len(WAITS_S) for end in restarts)


@pytest.mark.parametrize("ended", list(Ended))
def test_it_is_remembered(ended):
    note = Note(Budget(2, 500), ended, "the card stalled")

    assert Note.restored(note.saved()) == note


def test_a_reset_counts_only_where_the_run_before_it_had_not_ended():
    lived = Budget(1, 700)

    assert begun(Note(lived), after_reset=True) == Budget(2)
    assert begun(Note(lived), after_reset=False) == lived
    assert begun(Note(lived, Ended.ORDERLY), after_reset=True) == lived
    assert begun(Note(lived, Ended.FORCED), after_reset=True) == lived


def test_who_remembers_nothing_is_careful_after_a_reset():
    assert begun(None, after_reset=False).wait_s == 0
    assert begun(None, after_reset=True).wait_s == 3600


GOOD = {"forced": 1, "calm_s": 0, "ended": "runs", "why": ""}
NONSENSE = [
    *(None, [], {}, {"forced": 1}, {"forced": 1, "calm_s": 0}),
    *({**GOOD, "forced": -1}, {**GOOD, "forced": True}, {**GOOD, "calm_s": "2"}),
    *({**GOOD, "ended": "well"}, {**GOOD, "ended": 1}, {**GOOD, "why": None}),
]


@pytest.mark.parametrize("values", NONSENSE)
def test_what_is_no_budget_is_refused(values):
    with pytest.raises(FormatError):
        Note.restored(values)
