"""
What a rule waits for: conditions as values, each with the words for it and the way it is written.

`conditions_read` makes them of the file; what they mean at a moment, guard
decides. `where` is the place in the file, for sentences about mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

SensorState = Literal["active", "rest", "faulty", "confirmed"]
SENSOR_STATES: tuple[SensorState, ...] = get_args(SensorState)

ARM_STATES = ("disarmed", "arming", "armed_home", "armed_away", "armed_night", "pending", "triggered")
ARMED = ("armed_home", "armed_away", "armed_night")
PRESENCE_STATES = ("EMPTY", "ADULTS_HOME", "KIDS_HOME", "ALL_HOME")
POWER_STATES = ("mains", "battery", "low", "critical", "unknown")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ANY = "*"
"""Written for the name of a sensor or camera: any of them."""

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN


@dataclass(frozen=True, slots=True)
class Written:
    """Any condition; `where` it stands in the rule (``[2].any[1]``) makes no difference to what it says."""

    where: str = field(default="", compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class StateIs(Written):
    """The alarm (`arm`), who is at home (`presence`), or the power (`power`) is in one of these states."""

    subject: Literal["arm", "presence", "power"]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SensorIs(Written):
    """A sensor, or any of a kind and place, is in this state."""

    sensor: str
    state: SensorState = "active"
    kind: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class MotionAt(Written):
    """A camera, or any at a place, sees motion."""

    camera: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class TimeIs(Written):
    """It is from `from_min` up to, not including, `to_min` (minutes of the day) of a window that begins on `days`."""

    from_min: int
    to_min: int
    days: tuple[int, ...] = ()

    def minutes(self) -> int:
        """Return the minutes of the week in it as the bits of a number, Monday 00:00 being bit 0."""
        return _minutes(self.from_min, self.to_min, self.days)


@dataclass(frozen=True, slots=True)
class SunIs(Written):
    """The sun is up or down; sunset and sunrise are shifted by minutes, later where positive."""

    up: bool
    sunset_min: int = 0
    sunrise_min: int = 0


@dataclass(frozen=True, slots=True)
class All(Written):
    """All of them hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either(Written):
    """One of them holds, or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Written):
    """It does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Lasting(Written):
    """It has held for `for_s` seconds without a break."""

    part: Condition
    for_s: int


Leaf = StateIs | SensorIs | MotionAt | TimeIs | SunIs
Condition = Leaf | All | Either | Not | Lasting


@lru_cache(maxsize=256)
def _minutes(from_min: int, to_min: int, days: tuple[int, ...]) -> int:
    span = (to_min - from_min) % DAY_MIN or DAY_MIN
    whole = (1 << WEEK_MIN) - 1
    found = 0
    for day in days or range(7):
        bits = ((1 << span) - 1) << (day * DAY_MIN + from_min)
        found |= (bits & whole) | (bits >> WEEK_MIN)
    return found


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield what a condition is made of in the end, in order."""
    if isinstance(condition, All | Either):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not | Lasting):
        yield from leaves(condition.part)
    else:
        yield condition


def in_words(condition: Condition) -> str:
    """Say a condition as one may say it aloud: ``sensor garage is active for 10 min``."""
    match condition:
        case All(parts):
            return " and ".join(_bracketed(part) for part in parts)
        case Either(parts):
            return " or ".join(_bracketed(part) for part in parts)
        case Not(part):
            return f"not {_bracketed(part)}"
        case Lasting(part, for_s):
            inner = f"({in_words(part)})" if isinstance(part, Not) else _bracketed(part)
            return f"{inner} for {span_in_words(for_s)}"
        case _:
            return _leaf_in_words(condition)


def span_in_words(seconds: int) -> str:
    """Return a whole number of seconds as one says it: 45 s, 10 min, 1 h 30 min."""
    parts = [(seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def clock_in_words(minutes: int) -> str:
    """Return a minute of the day as clocks show it."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def as_document(condition: Condition) -> dict[str, Any]:
    """Return a condition as it is written in TOML: one table."""
    match condition:
        case All(parts):
            return {"all": [as_document(part) for part in parts]}
        case Either(parts):
            return {"any": [as_document(part) for part in parts]}
        case Not(part):
            return {"not": as_document(part)}
        case Lasting(part, for_s):
            return {**as_document(part), "for_s": for_s}
        case _:
            return _leaf_as_document(condition)


def _bracketed(condition: Condition) -> str:
    words = in_words(condition)
    return f"({words})" if isinstance(condition, All | Either) else words


def _leaf_in_words(leaf: Leaf) -> str:
    match leaf:
        case StateIs(subject, states):
            return f"{subject} is {' or '.join(states)}"
        case SensorIs(sensor, state, kind, location):
            each = " ".join(word for word in ("any", location, kind, "sensor") if word)
            return f"{f'sensor {sensor}' if sensor != ANY else each} is {'at rest' if state == 'rest' else state}"
        case MotionAt(camera, location):
            each = " ".join(word for word in ("any", location, "camera") if word)
            return f"{f'camera {camera}' if camera != ANY else each} sees motion"
        case TimeIs(from_min, to_min, days):
            on = f" on {', '.join(DAYS[day] for day in days)}" if days else ""
            return f"it is {clock_in_words(from_min)}-{clock_in_words(to_min)}{on}"
        case SunIs(up, sunset_min, sunrise_min):
            shifts = [
                f"{word} {shift:+d} min" for word, shift in (("sunset", sunset_min), ("sunrise", sunrise_min)) if shift
            ]
            return f"the sun is {'up' if up else 'down'}" + (f" ({', '.join(shifts)})" if shifts else "")


def _leaf_as_document(leaf: Leaf) -> dict[str, Any]:
    match leaf:
        case StateIs(subject, states):
            return {subject: states[0] if len(states) == 1 else list(states)}
        case SensorIs(sensor, state, kind, location):
            more = {"is": "" if state == "active" else state, "kind": kind, "location": location}
            return {"sensor": sensor, **{key: word for key, word in more.items() if word}}
        case MotionAt(camera, location):
            return {"motion": camera, **({"location": location} if location else {})}
        case TimeIs(from_min, to_min, days):
            named = {"days": [DAYS[day] for day in days]} if days else {}
            return {"time": f"{clock_in_words(from_min)}-{clock_in_words(to_min)}", **named}
        case SunIs(up, sunset_min, sunrise_min):
            shifts = {"sunset_min": sunset_min, "sunrise_min": sunrise_min}
            return {"sun": "up" if up else "down", **{key: shift for key, shift in shifts.items() if shift}}
