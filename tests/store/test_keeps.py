"""What keeps a recording, as it is written down: the vectors of docs/spec/store.md, *Keeping*."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.repository import ROOT
from vigil.errors import StoreError
from vigil.store.keeps import (
    ACTS,
    UNREADABLE,
    How,
    Keep,
    Span,
    Word,
    act_line,
    acts_in,
    checked,
    decode,
    encode,
    span_named,
)

VECTORS = ROOT / "tests" / "vectors" / "keep"


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert len(found) > 5
    return found


def word(said: Any) -> Word | None:
    if said == "unreadable":
        return Word("", UNREADABLE, 0)
    return Word(said["who"], said["why"], said["at_us"], span(said.get("range"))) if said else None


def span(said: list[int] | None) -> Span | None:
    return Span(*said) if said else None


@pytest.mark.parametrize("case", cases("files.json"), ids=lambda case: case["comment"])
def test_a_file_is_understood_and_what_is_not_understood_is_a_hold(case: dict[str, Any]):
    keep = decode(case["file"].encode())

    assert keep == Keep(word(case["hold"]), word(case["star"]))
    if case.get("canonical", True):
        assert encode(keep) == case["file"].encode()


@pytest.mark.parametrize("case", cases("log.json"), ids=lambda case: case["comment"])
def test_a_line_of_the_log_is_understood_or_passed_over(case: dict[str, Any]):
    found = list(acts_in(f"{case['line']}\n".encode()))

    assert [(one.act, one.seq, one.span) for one in found] == (
        [(case["act"], case["seq"], span(case["range"]))] if case["act"] else []
    )
    for one in found:
        assert act_line(one.act, one.seq, Word(one.who, one.why, one.at_us, one.span)) == f"{case['line']}\n".encode()


@pytest.mark.parametrize("case", cases("names.json"), ids=lambda case: case["name"])
def test_the_name_of_a_range_says_its_times(case: dict[str, Any]):
    found = span_named(case["name"])

    assert found == span(case["range"])
    assert found is None or found.name == case["name"]


def test_a_range_covers_what_shares_a_moment_with_it_whichever_way_its_clock_went():
    one = Span(100, 200)

    covered = [one.covers(*times) for times in [(0, 99), (0, 100), (150, 160), (199, 300), (200, 300), (300, 50)]]
    assert covered == [False, True, True, True, False, True]


def test_no_reason_is_no_hold_and_a_long_one_is_cut():
    with pytest.raises(StoreError, match="say why"):
        checked("me", " ", 1)
    assert len(checked("me" * 400, "x" * 999, 1).why) == 500


def test_every_kind_has_its_own_words():
    assert len({act for pair in ACTS.values() for act in pair}) == 2 * len(How)
