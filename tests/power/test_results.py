"""The state file of a campaign, and its table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from power.judge import LATE
from power.results import BEGIN, END, Result, Results, table, with_table


def result(key: str, *, loss_s: float | None = None, wrong: tuple[str, ...] = ()) -> Result:
    return Result(key=key, tier="host", workload="recording", kind="reordered", wrong=wrong, loss_s=loss_s, took_s=0.1)


def test_a_campaign_knows_what_it_has_done(tmp_path: Path):
    Results(tmp_path / "results").add(result("a", loss_s=1.25))
    again = Results(tmp_path / "results")
    again.add(result("b", wrong=("LOST",)))

    assert Results(tmp_path / "results").all == {
        "a": result("a", loss_s=1.25),
        "b": result("b", wrong=("LOST",)),
    }


def test_the_table_counts_and_names_the_worst():
    late = result("c", loss_s=2.25, wrong=(f"2.25 s {LATE}",))
    control = replace(result("d", loss_s=9.0, wrong=("LOST",)), workload="control: no barriers")
    words = table([result("a", loss_s=1.25), result("b", loss_s=0.5, wrong=("LOST",)), late, control], "yesterday")

    assert "| host | recording | reordered | 3 | 1 | 1 | 1 | 2.25 s |" in words.splitlines()
    assert "| **host** | all but controls | all | 3 | 1 | 1 | 1 | 2.25 s |" in words.splitlines()
    assert "| host | control: no barriers | reordered | 1 | 0 | 0 | 1 | 9.00 s |" in words.splitlines()
    assert words.endswith("yesterday")


def test_the_table_takes_its_place_in_a_page():
    page = f"before\n{BEGIN}\nold\n{END}\nafter"

    assert with_table(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    with pytest.raises(ValueError, match="no place"):
        with_table("before", "new")
