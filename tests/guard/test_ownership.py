"""Whose the box is after a start: what is lost is never nobody's by accident."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.claims import NEW
from vigil.guard.ownership import Found, Owned, Ownership, Waiting, goes_on, resumed

CLAIMED = Ownership(
    owned=Owned.CLAIMED, administrator="anna", recipients=(NEW,), how="unclaimed", taken=1,
    waiting=Waiting(by="button panel", at_us=5, waited_us=7),
)  # fmt: skip
TAKEN: dict[str, object] = {"kind": "claim.taken", "administrator": "anna", "taken": 3}
RESET: dict[str, object] = {"kind": "reset.done"}
LOST = (b"", b"{}", b"nonsense", json.dumps(Ownership().saved()).encode()[:40])


def owned(kept: bytes | None, newest: dict[str, object] | None) -> tuple[Owned, bool]:
    ownership, complaint = resumed(Found(kept=kept, newest=newest, of_takeover=None))
    return ownership.owned, bool(complaint)


def test_what_is_saved_is_restored():
    for one in (CLAIMED, Ownership(), Ownership(owned=Owned.UNKNOWN)):
        assert Ownership.restored(json.dumps(one.saved()).encode()) == one


def test_a_whole_file_is_believed_whatever_the_journal_says():
    kept = json.dumps(CLAIMED.saved()).encode()
    for newest in (None, {}, TAKEN, RESET):
        assert owned(kept, newest) == (Owned.CLAIMED, False)


@pytest.mark.parametrize(
    ("lost", "newest", "expected"),
    [
        (False, {}, (Owned.UNCLAIMED, False)),
        (False, RESET, (Owned.UNCLAIMED, False)),
        (False, TAKEN, (Owned.CLAIMED, True)),
        (False, None, (Owned.UNKNOWN, True)),
        (True, TAKEN, (Owned.CLAIMED, True)),
        (True, {}, (Owned.UNKNOWN, True)),
        (True, RESET, (Owned.UNKNOWN, True)),
        (True, None, (Owned.UNKNOWN, True)),
    ],
)
def test_each_row_of_what_is_lost(lost, newest, expected):
    for kept in LOST if lost else (None,):
        assert owned(kept, newest) == expected


def test_the_number_of_a_claim_goes_on_where_only_the_journal_knows_it():
    assert resumed(Found(kept=b"", newest=TAKEN, of_takeover=None))[0].taken == 3


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"format": True}, {"owned": "prepared"}, {"owned": "unclaimed"},
        {"owned": "unclaimed", "taken": 0}, {"taken": 0}, {"taken": -1},
        {"recipients": "age1"}, {"recipients": [1]}, {"administrator": None}, {"how": 1}, {"takeover": 5},
        {"takeover": {"by": "x", "at_us": 1}}, {"takeover": {"by": "x", "at_us": 1, "waited_us": -1}},
        {"takeover": {"by": "x", "at_us": 1, "waited_us": 1.5}},
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_lost(change):
    with pytest.raises(ValueError, match="ownership"):
        Ownership.restored(json.dumps({**CLAIMED.saved(), **change}).encode())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(
    inner, max_size=3) | st.dictionaries(st.sampled_from(list(CLAIMED.saved())), inner, max_size=7)))  # fmt: skip
def test_no_other_json_is_ever_unclaimed(value):
    found, complaint = resumed(Found(kept=json.dumps(value).encode() or b"", newest={}, of_takeover=None))

    assert found.owned is Owned.UNKNOWN
    assert complaint


def test_a_takeover_goes_on_only_where_the_journal_knows_of_no_end():
    assert [goes_on(one) for one in ("takeover.announced", "takeover.ripe")] == [True, True]
    ended = ("takeover.cancelled", "takeover.completed", "reset.done", None)
    assert [goes_on(one) for one in ended] == [False] * 4
