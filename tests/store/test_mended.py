"""Whatever somebody wants to enter, the journal has a form for it in the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.errors import FormatError
from vigil.store.entry import Entry, read_entry, write_entry
from vigil.store.mended import mended

_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=9) | st.text(max_size=9)
    | st.text(st.sampled_from("\ud800\udfffa"), max_size=9)
)  # fmt: skip
_KEYS = st.sampled_from(["kind", "seq", "salt", "who", "\udc80"]) | st.text(max_size=9) | st.integers()
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=5)


def entered(kind: str, fields: dict[str, Any]) -> Entry:
    return write_entry("00" * 8, 7, kind, fields, at_us=5, clock="synced", salt=bytes(16))


@settings(max_examples=50)
@given(st.sampled_from(["arm.changed", "Arm changed!", "", "\ud800"]), st.dictionaries(_KEYS, _VALUES, max_size=3))
def test_anything_can_be_entered_once_it_is_mended(kind: str, fields: dict[Any, Any]):
    entry = entered(*mended(kind, fields, "it was refused"))

    assert read_entry("00" * 8, 7, entry.line).fields["mended"] == "it was refused"
    assert entry.kind == ("arm.changed" if kind == "arm.changed" else "entry.refused")


@pytest.mark.parametrize(
    ("fields", "instead"),
    [
        ({"who": "an\ud83d", "n": 3}, {"who": "an?", "n": 3}),
        ({"charge_pct": 87.5}, {"charge_pct": "87.5"}),
        ({"at": 1 << 60}, {"at": "1152921504606846976"}),
        (
            {"kind": "keyboard", "list": (1, None, {"seq": True})},
            {"kind_": "keyboard", "list": [1, None, {"seq_": True}]},
        ),
        ({"words": "x" * 70_000}, {"words": "x" * 4096}),
    ],
)
def test_it_stays_as_close_to_what_was_said_as_there_is_a_form_for(fields: dict[str, Any], instead: dict[str, Any]):
    with pytest.raises(FormatError):
        entered("a.thing", fields)

    assert mended("a.thing", fields, "no") == ("a.thing", {**instead, "mended": "no"})


def test_what_is_far_too_much_is_cut_until_it_fits():
    kind, fields = mended("a.thing", {f"n{n}": ["y" * 5000] * 20 for n in range(20)}, "too long")

    assert fields["mended"] == "too long"
    assert len(entered(kind, fields).line) < 1 << 16
