"""
When the sun rises and sets, to the minute.

The method is that of the NOAA Solar Calculator (NOAA Global Monitoring
Laboratory, https://gml.noaa.gov/grad/solcalc/calcdetails.html), after Jean
Meeus, *Astronomical Algorithms*, chapters 25 and 28.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import acos, asin, cos, degrees, floor, radians, sin, tan

_MINUTE_US = 60_000_000
_DAY_US = 1440 * _MINUTE_US
_UNIX_EPOCH_JD = 2_440_587.5
_J2000_JD = 2_451_545.0

HORIZON_DEG = -0.833
"""Where the sun's middle is when its upper edge is seen to rise: half its width, and what the air bends."""


@dataclass(frozen=True, slots=True)
class SolarDay:
    """From when to when the sun is up around one noon, UTC microseconds; both None where it does not rise or set."""

    noon_us: int
    rise_us: int | None
    set_us: int | None
    up: bool


def is_up(at_us: int, latitude: float, longitude: float, *, sunset_min: int = 0, sunrise_min: int = 0) -> bool:
    """Say whether the sun is up at `at_us` (UTC microseconds), its setting and rising shifted by so many minutes."""
    number = floor((at_us + longitude * 4 * _MINUTE_US) / _DAY_US)
    # A day that is shifted, or long, may reach into its neighbours.
    for day in (solar_day(n, latitude, longitude) for n in (number - 1, number, number + 1)):
        if day.rise_us is None or day.set_us is None:
            if day.up and abs(at_us - day.noon_us) <= _DAY_US // 2:
                return True
        elif day.rise_us + sunrise_min * _MINUTE_US <= at_us < day.set_us + sunset_min * _MINUTE_US:
            return True
    return False


@lru_cache(maxsize=64)
def solar_day(number: int, latitude: float, longitude: float, *, horizon_deg: float = HORIZON_DEG) -> SolarDay:
    """
    Return the day whose noon falls on day `number` since 1970, as clocks by the sun's mean would count there.

    Degrees, north and east positive. Within a minute of published tables
    where the sun is well above and below the horizon each day.
    """
    noon_us = number * _DAY_US + round((720 - 4 * longitude) * _MINUTE_US)
    _, equation_min = sun_at(noon_us)
    noon_us -= round(equation_min * _MINUTE_US)
    found = []
    for side in (-1, 1):
        at_us = noon_us
        # The sun moves on while it climbs: its place is taken where it rises. Twice is enough for a second.
        for _ in range(3):
            declination, equation_min = sun_at(at_us)
            hour_angle = _hour_angle(declination, latitude, horizon_deg)
            if hour_angle is None:
                return SolarDay(noon_us, None, None, up=_stays_up(declination, latitude, horizon_deg))
            minutes = 720 - 4 * longitude - equation_min + side * 4 * hour_angle
            at_us = number * _DAY_US + round(minutes * _MINUTE_US)
        found.append(at_us)
    return SolarDay(noon_us, found[0], found[1], up=True)


def sun_at(at_us: int) -> tuple[float, float]:
    """Return the sun's declination in degrees, and the equation of time in minutes, at a moment (UTC microseconds)."""
    century = (at_us / _DAY_US + _UNIX_EPOCH_JD - _J2000_JD) / 36_525
    mean_longitude = radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360)
    anomaly = radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    eccentricity = 0.016708634 - century * (0.000042037 + century * 0.0000001267)
    centre = (
        sin(anomaly) * (1.914602 - century * (0.004817 + century * 0.000014))
        + sin(2 * anomaly) * (0.019993 - century * 0.000101)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    apparent = mean_longitude + radians(centre - 0.00569 - 0.00478 * sin(node))
    seconds = 21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))
    obliquity = radians(23 + (26 + seconds / 60) / 60 + 0.00256 * cos(node))
    declination = degrees(asin(sin(obliquity) * sin(apparent)))
    y = tan(obliquity / 2) ** 2
    equation = (
        y * sin(2 * mean_longitude)
        - 2 * eccentricity * sin(anomaly)
        + 4 * eccentricity * y * sin(anomaly) * cos(2 * mean_longitude)
        - 0.5 * y * y * sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * sin(2 * anomaly)
    )
    return declination, 4 * degrees(equation)


def _hour_angle(declination: float, latitude: float, horizon_deg: float) -> float | None:
    """Return how many degrees before and after noon the sun crosses the horizon; None where it does not."""
    share = _share(declination, latitude, horizon_deg)
    return degrees(acos(share)) if -1 <= share <= 1 else None


def _stays_up(declination: float, latitude: float, horizon_deg: float) -> bool:
    return _share(declination, latitude, horizon_deg) < -1


def _share(declination: float, latitude: float, horizon_deg: float) -> float:
    # At the very poles the cosine is nought, and the sun moves on a level.
    flat = max(1e-9, cos(radians(latitude)) * cos(radians(declination)))
    return (sin(radians(horizon_deg)) - sin(radians(latitude)) * sin(radians(declination))) / flat
