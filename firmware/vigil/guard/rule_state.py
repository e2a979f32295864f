"""What a condition is worth at a moment: true, false or unknown; what has lasted counts on the steady clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from vigil.config.conditions import (
    DAY_MIN,
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
    leaves,
    span_in_words,
)
from vigil.config.model_rule import Site
from vigil.config.rule_logic import Known
from vigil.guard.facts import (
    ArmChanged,
    CameraSees,
    Fact,
    Motion,
    PowerChanged,
    PresenceChanged,
    SensorChanged,
    SensorConfirmed,
    SensorFaulty,
)
from vigil.guard.moment import Moment
from vigil.guard.sun import is_up

Worth = bool | None
"""True, false, or not known."""

LocalTime = Callable[[int], tuple[int, int]]
"""Takes UTC microseconds; returns the day of the week (Monday is 0) and the minute of the day where the box stands."""

TIME = "time"
_MINUTE_US = 60_000_000


@dataclass(slots=True)
class World:
    """What is known of each subject: ``arm``, ``sensor door``, ``sensor door faulty``, ``camera yard`` …"""

    site: Site
    local: LocalTime
    known: Known
    states: dict[str, str] = field(default_factory=dict)
    flags: dict[str, Worth] = field(default_factory=dict)

    def hear(self, fact: Fact) -> str:
        """Note what has happened; return whom it is about, or nothing where no rule could ask for it."""
        match fact:
            case ArmChanged():
                return self.state("arm", str(fact.after))
            case PresenceChanged("unknown"):
                self.states.pop("presence", None)
                return "presence"
            case PresenceChanged(state):
                return self.state("presence", state)
            case PowerChanged(state):
                return self.state("power", state)
            case SensorChanged(sensor, active):
                return self._flag(f"sensor {sensor}", active)
            case SensorFaulty(sensor, faulty):
                return self._flag(f"sensor {sensor} faulty", faulty)
            case SensorConfirmed(sensor, confirmed):
                return self._flag(f"sensor {sensor} confirmed", confirmed)
            case Motion(camera, active):
                return self._flag(f"camera {camera}", active)
            case CameraSees(camera, sees):
                # Of a camera that cannot see nobody knows whether something moves before it.
                before = self.flags.get(f"camera {camera}")
                return self._flag(f"camera {camera}", (before or False) if sees else None)
        return ""

    def state(self, subject: str, state: str) -> str:
        """Note the state of a subject; return it."""
        self.states[subject] = state
        return subject

    def _flag(self, subject: str, flag: Worth) -> str:
        self.flags[subject] = flag
        return subject

    def worth(self, leaf: Leaf, now: Moment) -> Worth:
        """Return what a leaf is worth now."""
        match leaf:
            case StateIs(subject, states):
                return self.states[subject] in states if subject in self.states else None
            case SensorIs(state="active" | "rest" as state):
                found = [self.flags.get(f"sensor {name}") for name in self.known.meant(leaf)]
                return _any(found if state == "active" else [_not(one) for one in found])
            case SensorIs(state=state):
                # Until something is told, a sensor is well and nobody has confirmed it.
                return any(self.flags.get(f"sensor {name} {state}") or False for name in self.known.meant(leaf))
            case MotionAt():
                return _any([self.flags.get(f"camera {name}") for name in self.known.meant(leaf)])
            case TimeIs():
                day, minute = self.local(now.wall_us)
                return bool(leaf.minutes() >> (day * DAY_MIN + minute) & 1)
            case SunIs(up, sunset_min, sunrise_min):
                site = self.site
                shifts = {"sunset_min": sunset_min, "sunrise_min": sunrise_min}
                return is_up(now.wall_us, site.latitude, site.longitude, **shifts) is up

    def subjects(self, condition: Condition) -> Iterator[str]:
        """Yield whom a condition is about."""
        for leaf in leaves(condition):
            match leaf:
                case StateIs(subject):
                    yield subject
                case SensorIs(state=state):
                    more = "" if state in ("active", "rest") else f" {state}"
                    yield from (f"sensor {name}{more}" for name in self.known.meant(leaf))
                case MotionAt():
                    yield from (f"camera {name}" for name in self.known.meant(leaf))
                case TimeIs() | SunIs():
                    yield TIME


class Judged:
    """One condition, judged again and again: it remembers since when its parts have held."""

    def __init__(self, condition: Condition, world: World) -> None:
        self.condition = condition
        self.about = frozenset(world.subjects(condition))
        self.due_us: int | None = None
        self._world = world
        self._since_us: dict[int, int] = {}
        self._worth: dict[int, Worth] = {}

    def judge(self, now: Moment) -> Worth:
        """Return what it is worth now; `due_us` says when it must be judged again if nothing happens before."""
        self.due_us = now.steady_us + _MINUTE_US - now.wall_us % _MINUTE_US if TIME in self.about else None
        return self._judge(self.condition, now)

    def worth(self, part: Condition) -> Worth:
        """Return what a part of it was worth when it was judged last."""
        return self._worth.get(id(part))

    def because(self) -> str:
        """Say what makes it true."""
        return "; ".join(self._because(self.condition))

    def _judge(self, part: Condition, now: Moment) -> Worth:
        found = self._found(part, now)
        self._worth[id(part)] = found
        return found

    def _found(self, part: Condition, now: Moment) -> Worth:
        match part:
            # Every part is judged each time, so that what lasts is known even where it does not matter yet.
            case All(parts):
                return _not(_any([_not(self._judge(one, now)) for one in parts]))
            case Either(parts):
                return _any([self._judge(one, now) for one in parts])
            case Not(inner):
                return _not(self._judge(inner, now))
            case Lasting(inner, for_s):
                return self._lasts(part, self._judge(inner, now), for_s, now)
            case _:
                return self._world.worth(part, now)

    def _lasts(self, part: Lasting, inner: Worth, for_s: int, now: Moment) -> Worth:
        if inner is not True:
            self._since_us.pop(id(part), None)
            return inner
        until_us = self._since_us.setdefault(id(part), now.steady_us) + for_s * 1_000_000
        if now.steady_us >= until_us:
            return True
        self.due_us = until_us if self.due_us is None else min(self.due_us, until_us)
        return False

    def _because(self, part: Condition) -> list[str]:
        match part:
            case All(parts):
                return [words for one in parts for words in self._because(one)]
            case Either(parts):
                return [words for one in parts if self.worth(one) for words in self._because(one)]
            case Lasting(inner, for_s):
                return [f"{' and '.join(self._because(inner))} for {span_in_words(for_s)}"]
            case _:
                return [in_words(part)]


def _not(worth: Worth) -> Worth:
    return None if worth is None else not worth


def _any(some: Sequence[Worth]) -> Worth:
    if True in some:
        return True
    return None if None in some else False
