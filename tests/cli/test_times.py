"""How people say when."""

from __future__ import annotations

import argparse

import pytest

from vigil.cli.times import add_range, lasting, read_range, shown, span
from vigil.errors import ConfigError

NOW_US = 1_795_356_903_500_000  # 2026-11-22 14:15:03.5 UTC
SECOND = 1_000_000


def said(from_: str | None = None, to: str | None = None) -> tuple[str | None, str | None]:
    first, last = (None if us is None else shown(us, tenths=True) for us in read_range(from_, to, NOW_US))
    return first, last


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("2026-11-22T14:00:00Z", "2026-11-22 14:00:00.0"),
        ("2026-11-22 14:00", "2026-11-22 14:00:00.0"),
        ("2026-11-22T15:00+01:00", "2026-11-22 14:00:00.0"),
        ("2026-11-22", "2026-11-22 00:00:00.0"),
        ("2026-11-22T14:00:00.25", "2026-11-22 14:00:00.2"),
        ("14:15", "2026-11-22 14:15:00.0"),
        ("14:15:03", "2026-11-22 14:15:03.0"),
        ("14:15:04", "2026-11-21 14:15:04.0"),
        ("23:59:59.5", "2026-11-21 23:59:59.5"),
        ("-10m", "2026-11-22 14:05:03.5"),
        ("-1.5h", "2026-11-22 12:45:03.5"),
        ("-2d", "2026-11-20 14:15:03.5"),
        ("now", "2026-11-22 14:15:03.5"),
    ],
)
def test_a_time_is_understood(word: str, meant: str):
    assert said(word) == (meant, None)


@pytest.mark.parametrize("word", ["25:00", "14:60", "10m", "-10", "yesterday", "", "14", "2026-13-01"])
def test_what_is_no_time_is_refused_with_examples(word: str):
    with pytest.raises(ConfigError, match="is not a time; give one like"):
        read_range(word, None, NOW_US)


def test_an_end_is_the_first_such_time_after_the_beginning():
    assert said("23:50", "00:10") == ("2026-11-21 23:50:00.0", "2026-11-22 00:10:00.0")
    assert said("2026-01-05T08:00", "08:30") == ("2026-01-05 08:00:00.0", "2026-01-05 08:30:00.0")
    assert said(None, "14:16") == (None, "2026-11-21 14:16:00.0")


def test_an_end_before_the_beginning_is_refused():
    with pytest.raises(ConfigError, match="is not later than"):
        read_range("-10m", "-20m", NOW_US)


def test_a_time_may_begin_with_a_dash():
    parser = argparse.ArgumentParser()
    add_range(parser)

    assert vars(parser.parse_args(["--from", "-10m", "--to", "-90s"])) == {"from_": "-10m", "to": "-90s"}


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "0.0 s"),
        (8_400_000, "8.4 s"),
        (59_960_000, "1 min"),
        (65 * SECOND, "1 min 5 s"),
        (3599 * SECOND, "59 min 59 s"),
        (3600 * SECOND, "1 h"),
        (12_000 * SECOND, "3 h 20 min"),
        (100 * 3600 * SECOND, "4 d 4 h"),
    ],
)
def test_a_length_is_said_as_people_do(us: int, words: str):
    assert lasting(us) == words


def test_a_span_names_its_day_once():
    assert span(NOW_US, NOW_US + 60 * SECOND) == "2026-11-22 14:15:03.5 to 14:16:03.5"
    assert span(NOW_US, NOW_US + 86_400 * SECOND) == "2026-11-22 14:15:03.5 to 2026-11-23 14:15:03.5"


def test_a_nonsense_time_is_shown_as_its_number():
    assert shown(1 << 62) == f"{1 << 62} µs"
