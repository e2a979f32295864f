"""What upsd says, word by word, and everything that is no upsd's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.body.upsd_words import LINE_BYTES, TROUBLES, check_answer, read_line, read_variables, reading
from vigil.errors import FormatError, UpsLost


def test_values_are_read_as_they_were_meant():
    lines = ['VAR ups ups.model "Smart \\"X\\" \\\\ 700"', 'VAR ups ups.status "OL CHRG"', 'VAR ups ups.mfr ""']

    assert read_variables(lines, "ups") == {
        "ups.model": 'Smart "X" \\ 700', "ups.status": "OL CHRG", "ups.mfr": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "",
        "VAR",
        "VAR ups ups.status",
        'VAR ups battery.runtime "18',
        'VAR ups battery.runtime "1800" 7',
        'VAR other ups.status "OL"',
        'VAR ups ups.model "a"b"',
        'VAR ups ups.model "a\\x"',
        'var ups ups.status "OL"',
        'VAR ups "OL"',
        "ERR DATA-STALE",
        f'VAR ups {"a" * 65} "OL"',
    ],
)
def test_a_line_that_is_not_whole_is_refused(line):
    with pytest.raises(FormatError, match="is no value of ups"):
        read_variables([line], "ups")


def test_what_a_ups_calls_itself_never_stands_in_the_way():
    line = read_line(b'VAR ups ups.mfr "\xe9\x00\x1b[2J \xc3\xbc"\r')

    assert read_variables([line], "ups") == {"ups.mfr": "\ufffd??[2J ü"}


def test_a_line_without_end_is_refused():
    with pytest.raises(FormatError, match="without end"):
        read_line(b"x" * (LINE_BYTES + 1))


@pytest.mark.parametrize("word", TROUBLES)
def test_each_refusal_says_what_to_do(word):
    with pytest.raises(UpsLost) as caught:
        check_answer(f"ERR {word}")

    assert caught.value.trouble in ("driver", "refused") and str(caught.value) == TROUBLES[word][1]


def test_a_refusal_that_nobody_foresaw_is_told_as_it_came():
    with pytest.raises(UpsLost, match="upsd refuses: FULL-MOON"):
        check_answer("ERR FULL-MOON (really)")


def test_what_is_no_refusal_is_an_answer():
    assert check_answer("BEGIN LIST VAR ups") == "BEGIN LIST VAR ups"


@pytest.mark.parametrize(
    ("values", "charge_pct", "runtime_s"),
    [
        ({"battery.charge": "87", "battery.runtime": "1800"}, 87.0, 1800),
        ({"battery.charge": "87.5", "battery.runtime": "1800.50"}, 87.5, 1800),
        ({"battery.charge": "0", "battery.runtime": "0"}, 0.0, 0),
        ({}, -1.0, -1),
        ({"battery.charge": "", "battery.runtime": "N/A"}, -1.0, -1),
        ({"battery.charge": "nan", "battery.runtime": "inf"}, -1.0, -1),
        ({"battery.charge": "-3", "battery.runtime": "-60"}, -1.0, -1),
        ({"battery.charge": "255", "battery.runtime": "1e300"}, -1.0, -1),
    ],
)
def test_figures_that_cannot_be_are_not_known(values, charge_pct, runtime_s):
    look = reading({"ups.status": "OL", **values})

    assert (look.charge_pct, look.runtime_s, look.trouble) == (charge_pct, runtime_s, "")


@pytest.mark.parametrize("status", ["OL\u00a0§", "ol", "A" * 17, " ".join(["OL"] * 17)])
def test_a_status_of_other_words_is_refused(status):
    with pytest.raises(FormatError, match=r"ups\.status"):
        reading({"ups.status": status})


def test_a_driver_that_has_not_read_its_ups_yet_is_waited_for():
    with pytest.raises(UpsLost, match="has not read it yet"):
        reading({"ups.status": "WAIT"})


@given(st.lists(st.binary(max_size=80)))
def test_noise_is_refused_or_says_nothing(noise):
    try:
        look = reading(read_variables([check_answer(read_line(line)) for line in noise], "ups"))
    except (FormatError, UpsLost):
        return
    assert look.status == []
