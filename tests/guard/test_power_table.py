"""Each row of the table that says where the power comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.config.model_ups import Ups as Settings
from vigil.events import Ups
from vigil.guard.power_table import alarms, judged

SETTINGS = Settings(enabled=True)  # low at 20 %, critical at 300 s

ROWS = [
    # status            charge  runtime  before      then        because
    ("OL", 100, 1800, "unknown", "mains", "the mains are there"),
    ("OL CHRG", 3, 60, "mains", "mains", "an empty battery is no matter while there are mains"),
    ("OL LB", 3, 60, "mains", "mains", "nor is one that says so itself"),
    ("OL CAL DISCHRG", 40, 900, "mains", "mains", "a battery that is measured is emptied on purpose"),
    ("OB CAL", 5, 100, "mains", "battery", "and is not critical while it is"),
    ("OB DISCHRG", 100, 1800, "mains", "battery", "the mains are away"),
    ("OB", -1, -1, "mains", "battery", "a UPS that tells no figures is believed its word"),
    ("OB", 21, 1800, "battery", "battery", "above the threshold of charge"),
    ("OB", 20, 1800, "battery", "low", "at the threshold of charge"),
    ("OB", 25, 1800, "low", "low", "low stays low until it is 5 % better"),
    ("OB", 26, 1800, "low", "battery", "then it is not"),
    ("OB", 90, 601, "battery", "battery", "above twice the threshold of runtime"),
    ("OB", 90, 600, "battery", "low", "at twice the threshold of runtime"),
    ("OB", 90, 740, "low", "low", "low stays low until it is a quarter better"),
    ("OB", 90, 751, "low", "battery", "then it is not"),
    ("OB", 90, 301, "low", "low", "above the threshold of runtime"),
    ("OB", 90, 300, "low", "critical", "at the threshold of runtime, whatever the charge"),
    ("OB", 90, 375, "critical", "critical", "critical stays critical until it is a quarter better"),
    ("OB", 90, 376, "critical", "low", "then it is not"),
    ("OB", 10, -1, "low", "critical", "half the threshold of charge, where no runtime is known"),
    ("OB", 11, -1, "low", "low", "above half of it"),
    ("OB", 15, -1, "critical", "critical", "with its slack"),
    ("OB", 5, 1800, "low", "low", "a runtime that is known counts for more than the charge"),
    ("OB LB", 100, 1800, "mains", "critical", "the UPS itself says that the end is near"),
    ("FSD OL", 100, 1800, "mains", "critical", "a primary elsewhere cuts the power, mains or not"),
    ("FSD OB LB", 1, 1, "battery", "critical", "as above"),
    ("", 100, 1800, "mains", "unknown", "it says nothing"),
    ("OFF", 100, 1800, "mains", "unknown", "its output is off, it says"),
    ("WAIT", -1, -1, "unknown", "unknown", "its driver has only just started"),
    ("OL OB", 100, 1800, "mains", "battery", "of two words the worse counts"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[-1])
def test_what_a_look_means(row):
    status, charge_pct, runtime_s, before, then, because = row
    look = Ups(status=status.split(), charge_pct=float(charge_pct), runtime_s=runtime_s)

    assert judged(look, before, SETTINGS) == then, because


@given(
    st.lists(st.sampled_from(["OL", "OB", "LB", "CAL", "FSD", "RB", "BOOST", "XYZZY"]), max_size=4),
    st.integers(-1, 100),
    st.integers(-1, 5000),
    st.sampled_from(["mains", "battery", "low", "critical", "unknown"]),
)
def test_less_left_is_never_better(status, charge_pct, runtime_s, before):
    order = ["mains", "battery", "low", "critical"]
    more = judged(Ups(status=status, charge_pct=float(charge_pct), runtime_s=runtime_s), before, SETTINGS)
    less = judged(Ups(status=status, charge_pct=float(charge_pct), runtime_s=runtime_s // 2), before, SETTINGS)

    assert "unknown" in (more, less) or runtime_s < 0 or order.index(less) >= order.index(more)
    assert (more == "unknown") == (less == "unknown") == (not {"OL", "OB", "FSD"} & set(status))


def test_what_the_owner_must_see_to_is_said():
    assert alarms(Ups(status=["OL", "RB"])) == ("worn",)
    assert alarms(Ups(status=["OL", "OVER", "RB"])) == ("worn", "overloaded")
    assert alarms(Ups(status=["OFF", "BYPASS"])) == ("bypassed",)
    assert alarms(Ups(status=["OL", "CHRG", "TRIM"])) == ()
