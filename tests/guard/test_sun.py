"""Sunrise and sunset, against published examples and tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from vigil.guard.sun import is_up, solar_day, sun_at

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONDON = (51.4733, -0.0008)
TROMSO = (69.65, 18.96)


def us(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def test_the_sun_stands_where_meeus_has_it():
    """Astronomical Algorithms, examples 25.a (declination -7.78507°) and 28.a (13 min 42.7 s): 1992 October 13, 0h."""
    declination, equation_min = sun_at(us(1992, 10, 13))

    assert declination == pytest.approx(-7.78507, abs=0.001)
    assert equation_min == pytest.approx(13 + 42.7 / 60, abs=0.02)


@pytest.mark.parametrize(
    ("day", "clock"),
    [(1, (7, 43)), (2, (7, 45)), (3, (7, 46)), (12, (7, 56)), (25, (8, 5))],
)
def test_the_sun_rises_over_london_as_the_tables_of_december_2015_say(day, clock):
    rise_us = solar_day(number(date(2015, 12, day)), *LONDON).rise_us

    assert rise_us is not None
    assert abs(rise_us - us(2015, 12, day, *clock)) <= 60_000_000


@pytest.mark.parametrize(
    ("day", "dawn", "dusk"),
    [(1, (7, 4), (16, 34)), (2, (7, 5), (16, 34)), (12, (7, 16), (16, 31)), (25, (7, 25), (16, 36))],
)
def test_civil_twilight_over_london_is_as_the_tables_say(day, dawn, dusk):
    """The same tables, for the sun six degrees below the horizon: both sides of the day."""
    found = solar_day(number(date(2015, 12, day)), *LONDON, horizon_deg=-6)

    assert found.rise_us is not None and found.set_us is not None
    assert abs(found.rise_us - us(2015, 12, day, *dawn)) <= 60_000_000
    assert abs(found.set_us - us(2015, 12, day, *dusk)) <= 60_000_000


def test_the_sun_is_up_between_rise_and_set_and_a_shift_moves_each():
    day = solar_day(number(date(2026, 11, 23)), 48.2, 16.37)
    assert day.rise_us and day.set_us

    assert not is_up(day.rise_us - 1, 48.2, 16.37) and is_up(day.rise_us, 48.2, 16.37)
    assert is_up(day.set_us - 1, 48.2, 16.37) and not is_up(day.set_us, 48.2, 16.37)
    assert not is_up(day.set_us - 1, 48.2, 16.37, sunset_min=-30)
    assert is_up(day.set_us, 48.2, 16.37, sunset_min=30)
    assert is_up(day.rise_us - 1, 48.2, 16.37, sunrise_min=-30)


def test_beyond_the_circle_it_does_not_set_in_june_nor_rise_in_december():
    june = [is_up(us(2026, 6, 21, hour), *TROMSO) for hour in range(24)]
    december = [is_up(us(2026, 12, 21, hour), *TROMSO) for hour in range(24)]

    assert all(june) and not any(december)
    assert solar_day(number(date(2026, 6, 21)), 90.0, 0.0).up
    assert not solar_day(number(date(2026, 6, 21)), -90.0, 0.0).up


@pytest.mark.parametrize("longitude", [-179.9, -75.0, 0.0, 151.2, 179.9])
def test_everywhere_the_day_has_one_rise_and_one_set(longitude):
    begin = us(2026, 3, 20)
    seen = [is_up(begin + minute * 60_000_000, -33.9, longitude) for minute in range(0, 2 * 1440, 5)]

    assert 3 <= sum(one != other for one, other in pairwise(seen)) <= 4
    assert 0.48 < sum(seen) / len(seen) < 0.53
