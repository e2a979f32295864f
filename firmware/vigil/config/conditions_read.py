"""The tables of a rule's `when` become a condition, and a sentence for each mistake in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from vigil.config.conditions import (
    ANY,
    ARM_STATES,
    ARMED,
    DAY_MIN,
    DAYS,
    POWER_STATES,
    PRESENCE_STATES,
    SENSOR_STATES,
    All,
    Condition,
    Either,
    Lasting,
    MotionAt,
    Not,
    SensorIs,
    StateIs,
    SunIs,
    TimeIs,
    as_document,
)
from vigil.config.kinds import Kind, nearest, one_of
from vigil.config.kinds_lists import is_id
from vigil.config.model_sensor import Location, SensorKind
from vigil.config.redact import as_key, shown
from vigil.errors import ConfigError

LEAVES_AT_MOST = 32
DEEPEST = 6

_STATES = {"arm": ("armed", *ARM_STATES), "presence": PRESENCE_STATES, "power": POWER_STATES}
_MORE = {
    "arm": (),
    "presence": (),
    "power": (),
    "sensor": ("is", "kind", "location"),
    "motion": ("location",),
    "time": ("days",),
    "sun": ("sunset_min", "sunrise_min"),
    "all": (),
    "any": (),
    "not": (),
}
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?[-–] ?([01]\d|2[0-3]|24):([0-5]\d)")
_NOTHING = All(())


@dataclass(frozen=True, slots=True)
class When(Kind):
    """What a rule waits for: one condition, or a list of them that must all hold."""

    @property
    def accepts(self) -> str:
        return 'a condition such as { sensor = "door" }, or a list of them that must all hold'

    def take(self, value: object) -> Condition:
        reader = _Reader()
        found = reader.condition({"all": value} if isinstance(value, list) else value, "", 0)
        if isinstance(value, list):
            found = _without_all(found)
        if not reader.problems and reader.leaves > LEAVES_AT_MOST:
            reader.problems.append(f": {reader.leaves} conditions; give {LEAVES_AT_MOST} at most, in several rules")
        if reader.problems:
            raise ConfigError(reader.problems)
        return found


def written_when(condition: Condition) -> object:
    """Return a rule's condition as TOML values: the outermost *all* is a bare list."""
    return [as_document(part) for part in condition.parts] if isinstance(condition, All) else as_document(condition)


def _without_all(found: Condition) -> Condition:
    """Name the places of a bare list by their numbers: ``[2]``, not ``.all[2]``."""

    def moved(part: Any) -> Any:
        where = part.where.removeprefix(".all")
        if isinstance(part, All | Either):
            return replace(part, parts=tuple(moved(one) for one in part.parts), where=where)
        if isinstance(part, Not | Lasting):
            return replace(part, part=moved(part.part), where=where)
        return replace(part, where=where)

    return moved(found)  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Reader:
    """Reads one `when`. Each problem begins with its place: ``[2].sensor = …``."""

    problems: list[str] = field(default_factory=list)
    leaves: int = 0

    def condition(self, value: object, where: str, depth: int) -> Condition:
        if not isinstance(value, dict):
            return self._wrong(where, f" = {shown(value)}: give {When().accepts}")
        heads = [key for key in value if key in _MORE]
        if depth > DEEPEST:
            return self._wrong(where, f": conditions lie in each other more than {DEEPEST} deep; make several rules")
        if len(heads) != 1:
            said = f"{' and '.join(heads)} stand in one table" if heads else "it asks for nothing"
            near = next((near for key in value if (near := nearest(key, list(_MORE)))), "") if not heads else ""
            hint = f" (did you mean {near}?)" if near else ""
            return self._wrong(where, f": {said}; give one of {one_of(list(_MORE))} in each{hint}")
        head = heads[0]
        for key in value:
            if key not in (head, "for_s", *_MORE[head]):
                known = [head, "for_s", *_MORE[head]]
                near = nearest(key, known)
                self._wrong(where, f".{as_key(key)}: not a setting" + (f" (did you mean {near}?)" if near else ""))
        found = self._headed(head, value, where, depth)
        if "for_s" not in value:
            return found
        for_s = self._whole(value["for_s"], f"{where}.for_s", 1, 7 * 86_400)
        return Lasting(found, for_s, where=where)

    def _headed(self, head: str, table: dict[str, Any], where: str, depth: int) -> Condition:
        value, at = table[head], f"{where}.{head}"
        if head in ("all", "any"):
            return self._group(head, value, at, depth)
        if head == "not":
            return Not(self.condition(value, at, depth + 1), where=where)
        self.leaves += 1
        match head:
            case "arm" | "presence" | "power":
                return StateIs(head, self._states(head, value, at), where=where)
            case "sensor":
                state = self._word(table.get("is", "active"), f"{where}.is", SENSOR_STATES)
                kind = self._filter(table, "kind", get_args(SensorKind), where, value)
                location = self._filter(table, "location", get_args(Location), where, value)
                return SensorIs(self._name(value, at), state, kind, location, where=where)  # type: ignore[arg-type]
            case "motion":
                location = self._filter(table, "location", get_args(Location), where, value)
                return MotionAt(self._name(value, at), location, where=where)
            case "time":
                return self._time(value, table.get("days", []), where)
            case _:
                shifts = [self._whole(table.get(key, 0), f"{where}.{key}", -360, 360) for key in _MORE["sun"]]
                return SunIs(self._word(value, at, ("up", "down")) == "up", *shifts, where=where)

    def _group(self, head: str, value: object, at: str, depth: int) -> Condition:
        if not isinstance(value, list) or not value:
            return self._wrong(at, f" = {shown(value)}: give a list of conditions")
        parts = tuple(self.condition(part, f"{at}[{number}]", depth + 1) for number, part in enumerate(value, 1))
        return All(parts, where=at) if head == "all" else Either(parts, where=at)

    def _states(self, head: str, value: object, at: str) -> tuple[str, ...]:
        words = value if isinstance(value, list) and value else [value]
        found: list[str] = []
        for word in words:
            state = self._word(word, at, _STATES[head])
            found += [one for one in (ARMED if state == "armed" else (state,)) if one not in found]
        return tuple(found)

    def _time(self, value: object, days: object, where: str) -> Condition:
        window = _WINDOW.fullmatch(value) if isinstance(value, str) else None
        from_min, to_min = (int(window[n]) * 60 + int(window[n + 1]) for n in (1, 3)) if window else (0, 1)
        if not window or to_min > DAY_MIN:
            return self._wrong(where, f'.time = {shown(value)}: give two times of the day, such as "22:00-06:00"')
        if from_min == to_min:
            return self._wrong(where, f'.time = {shown(value)}: it is empty; the whole day is "00:00-24:00"')
        if not isinstance(days, list):
            return self._wrong(where, f".days = {shown(days)}: give a list of {one_of(DAYS)}")
        numbers = {DAYS.index(day) for day in (self._word(one, f"{where}.days", DAYS) for one in days) if day}
        return TimeIs(from_min, to_min, tuple(sorted(numbers)), where=where)

    def _filter(self, table: dict[str, Any], key: str, words: Sequence[str], where: str, name: object) -> str:
        if key not in table:
            return ""
        if name != ANY:
            self._wrong(where, f".{key}: only with the name {shown(ANY)}")
        return self._word(table[key], f"{where}.{key}", words)

    def _name(self, value: object, at: str) -> str:
        if value == ANY or is_id(value):
            return str(value)
        self._wrong(at, f" = {shown(value)}: give an id, or {shown(ANY)} for any")
        return ANY

    def _word(self, value: object, at: str, words: Sequence[str]) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = nearest(value, words) if isinstance(value, str) else ""
        self._wrong(at, f" = {shown(value)}: give {one_of(words)}" + (f" (did you mean {near}?)" if near else ""))
        return words[0]

    def _whole(self, value: object, at: str, low: int, high: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(at, f" = {shown(value)}: give a whole number, {low} to {high}")
        return low

    def _wrong(self, where: str, words: str) -> Condition:
        self.problems.append(where.removeprefix(".all") + words)
        return _NOTHING
