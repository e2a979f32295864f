"""
Can a condition ever hold, and can it ever not? Decided before a night depends on it.

A condition is brought into alternatives (disjunctive normal form). In each,
what is said of one subject (the alarm, one sensor, the minutes of the week …)
is a set of values, kept as the bits of a number; sets of one subject are
intersected, and where nothing is left the alternative can never hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vigil.config.conditions import (
    ANY,
    ARM_STATES,
    POWER_STATES,
    PRESENCE_STATES,
    WEEK_MIN,
    All,
    Condition,
    Either,
    Lasting,
    Leaf,
    MotionAt,
    Not,
    SensorIs,
    StateIs,
    SunIs,
    TimeIs,
    in_words,
    span_in_words,
)
from vigil.config.kinds import grouped
from vigil.config.model_rule import Rule
from vigil.config.model_sensor import Sensor

ALTERNATIVES_AT_MOST = 4096

_STATES = {"arm": ARM_STATES, "presence": PRESENCE_STATES, "power": POWER_STATES}
_YES_NO = 0b11
_WEEK = (1 << WEEK_MIN) - 1


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one subject: which of its values are left (`bits`), and by whom."""

    bits: int
    by: tuple[tuple[int, str], ...]


Alternative = dict[str, Said]
"""What must hold together, by subject; nothing at all always holds."""


class TooMany(Exception):
    """A condition has more alternatives than anybody can think through."""


@dataclass(frozen=True, slots=True)
class Known:
    """What `*` may mean: the sensors and cameras there are, cameras with their places."""

    sensors: tuple[Sensor, ...] = ()
    cameras: tuple[tuple[str, str], ...] = ()

    def meant(self, leaf: SensorIs | MotionAt) -> list[str]:
        """Return the names that a leaf speaks of: itself, or all that ``*`` stands for."""
        if isinstance(leaf, MotionAt):
            if leaf.camera != ANY:
                return [leaf.camera]
            return [name for name, location in self.cameras if leaf.location in ("", location)]
        if leaf.sensor != ANY:
            return [leaf.sensor]
        return [one.id for one in self.sensors if leaf.kind in ("", one.kind) and leaf.location in ("", one.location)]


def logic_problems(rule: Rule, known: Known) -> list[str]:
    """Return a sentence for each reason why `rule` could never fire, or has a branch that can never count."""
    name = f"rule.{rule.id}.when"
    try:
        clashes: list[str] = []
        if not alternatives(rule.when, known, clashes):
            return [f"{name}: it can never hold: {clashes[0] if clashes else 'nothing is left of it'}"]
        if not alternatives(Not(rule.when), known, []):
            return [f"{name}: it always holds, so it never begins to"]
        return [
            f"{name}{where}: beside the rest it can never hold: {clashes[0] if clashes else 'nothing is left of it'}"
            for where, narrowed in _narrowed(rule.when)
            if not alternatives(narrowed, known, clashes := [])
        ]
    except TooMany:
        return [f"{name}: it has more than {grouped(ALTERNATIVES_AT_MOST)} alternatives; make several rules of it"]


def alternatives(condition: Condition, known: Known, clashes: list[str]) -> list[Alternative]:
    """
    Return the alternatives in which `condition` can hold; appends to `clashes` what excludes each other.

    Raises `TooMany`. What has lasted, below a *not*, is taken as free: so no
    condition that can hold is ever said not to.
    """
    return _Expander(known, clashes).expand(condition, yes=True)


def together(some: Sequence[Alternative], others: Sequence[Alternative]) -> list[Alternative]:
    """Return the alternatives in which both can hold. Raises `TooMany`."""
    return _product(some, others, [])


def bits_of(states: Sequence[str], of: Sequence[str]) -> int:
    """Return the set of `states` among all that there are, as bits."""
    return sum(1 << of.index(state) for state in states)


@dataclass(frozen=True, slots=True)
class _Expander:
    known: Known
    clashes: list[str]

    def expand(self, condition: Condition, *, yes: bool) -> list[Alternative]:
        match condition:
            case Not(part):
                return self.expand(part, yes=not yes)
            case All(parts) | Either(parts):
                each = [self.expand(part, yes=yes) for part in parts]
                return self._all(each) if isinstance(condition, All) is yes else self._any(each)
            case Lasting(part, for_s):
                if not yes:
                    return [{}]
                return [found for found in self.expand(part, yes=True) if self._lasts(found, for_s)]
            case SensorIs() | MotionAt():
                return self._named(condition, yes=yes)
            case _:
                return _literal(condition, yes=yes)

    def _named(self, leaf: SensorIs | MotionAt, *, yes: bool) -> list[Alternative]:
        names = self.known.meant(leaf)
        each = [
            _literal(replace(leaf, sensor=one) if isinstance(leaf, SensorIs) else replace(leaf, camera=one), yes=yes)
            for one in names
        ]
        return self._any(each) if yes else self._all(each)

    def _all(self, each: Sequence[list[Alternative]]) -> list[Alternative]:
        found: list[Alternative] = [{}]
        for one in each:
            found = _product(found, one, self.clashes)
        return found

    def _any(self, each: Sequence[list[Alternative]]) -> list[Alternative]:
        found = [one for some in each for one in some]
        if len(found) > ALTERNATIVES_AT_MOST:
            raise TooMany
        return found

    def _lasts(self, found: Alternative, for_s: int) -> bool:
        said = found.get("time")
        if said is None or _longest_min(said.bits) * 60 >= for_s:
            return True
        self.clashes.append(f"{said.by[0][1]}, and that for {span_in_words(for_s)}")
        return False


def _product(some: Sequence[Alternative], others: Sequence[Alternative], clashes: list[str]) -> list[Alternative]:
    if len(some) * len(others) > ALTERNATIVES_AT_MOST:
        raise TooMany
    both = (_merged(one, other, clashes) for one in some for other in others)
    return [found for found in both if found is not None]


def _merged(one: Alternative, other: Alternative, clashes: list[str]) -> Alternative | None:
    found = dict(one)
    for subject, said in other.items():
        before = found.get(subject)
        if before is None:
            found[subject] = said
            continue
        found[subject] = Said(before.bits & said.bits, before.by + said.by)
        if not found[subject].bits:
            against = next((words for bits, words in before.by if not bits & said.bits), before.by[-1][1])
            clashes.append(f"{against}, and {said.by[0][1]}")
            return None
    return found


def _literal(leaf: Leaf, *, yes: bool) -> list[Alternative]:
    subject, bits, every = _said_of(leaf)
    left = bits if yes else every & ~bits
    return [{subject: Said(left, ((left, in_words(leaf if yes else Not(leaf))),))}] if left else []


def _said_of(leaf: Leaf) -> tuple[str, int, int]:
    """Return whom a leaf speaks of, the values that it allows, and all values that there are."""
    match leaf:
        case StateIs(subject, states):
            every = _STATES[subject]
            return subject, bits_of(states, every), (1 << len(every)) - 1
        case SensorIs(sensor, "faulty" | "confirmed" as state):
            return f"sensor {sensor} {state}", 0b10, _YES_NO
        case SensorIs(sensor, state):
            return f"sensor {sensor}", 0b10 if state == "active" else 0b01, _YES_NO
        case MotionAt(camera):
            return f"camera {camera}", 0b10, _YES_NO
        case TimeIs():
            return "time", leaf.minutes(), _WEEK
        case SunIs(up, sunset_min, sunrise_min):
            return f"sun {sunset_min} {sunrise_min}", 0b10 if up else 0b01, _YES_NO


def _longest_min(bits: int) -> int:
    """Return the longest run of minutes in a week that begins again at its end; no end where it is the whole week."""
    if bits == _WEEK:
        return 10 * WEEK_MIN
    runs = f"{bits:0{WEEK_MIN}b}" * 2
    return max(len(run) for run in runs.split("0"))


def _narrowed(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """Yield the condition with each *any* brought down to one of its branches, and the place of that branch."""
    match condition:
        case All(parts) | Either(parts):
            for number, part in enumerate(parts):
                if isinstance(condition, Either) and len(parts) > 1:
                    yield f"{condition.where}[{number + 1}]", part
                for where, inner in _narrowed(part):
                    yield where, replace(condition, parts=(*parts[:number], inner, *parts[number + 1 :]))
        case Lasting(part, for_s):
            for where, inner in _narrowed(part):
                yield where, Lasting(inner, for_s, where=condition.where)
        case _:
            # Below a `not` an *any* is an *all*, and its branches do not stand for themselves.
            return
