"""A day of the journal, put to the rules as they stand now: what would have fired, and why, and why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

from vigil.clock.trust import Trust
from vigil.config.conditions import All, Condition, Lasting, in_words
from vigil.config.model_rule import Rule
from vigil.guard.deeds import Deed, Enter
from vigil.guard.facts import (
    ArmChanged,
    ArmState,
    CameraSees,
    Fact,
    Motion,
    PowerChanged,
    PowerState,
    PresenceChanged,
    PresenceState,
    SensorChanged,
    SensorConfirmed,
    SensorFaulty,
)
from vigil.guard.moment import Moment
from vigil.guard.rule_state import World, Worth
from vigil.guard.rules import Rules, Standing

DAY_US = 86_400_000_000

KINDS = frozenset({
    "arm.changed", "sensor.changed", "sensor.fault", "sensor.confirmed", "motion.began", "motion.ended",
    "power.changed", "presence.changed", "clock.stepped", "rule.fired",
})  # fmt: skip
"""The entries that a replay needs."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the journal: when it was entered (UTC microseconds), its kind, and its own keys."""

    at_us: int
    kind: str
    fields: Mapping[str, Any]

    @property
    def when_us(self) -> int:
        """When it happened: what a recorder tells is entered a little later."""
        when_us = self.fields.get("when_us")
        return when_us if type(when_us) is int else self.at_us


@dataclass(slots=True)
class Part:
    """
    One part of a rule's condition over the day: for how long it was known, and held longest, and from when (UTC).

    Where it must last `for_s`, `condition` is what must.
    """

    words: str
    condition: Condition
    for_s: int = 0
    known_us: int = 0
    longest_us: int = 0
    longest_from_us: int = 0
    first_us: int | None = None
    began_us: int | None = None

    def lasts(self, worth: Worth, from_us: int, to_us: int) -> None:
        """Note that it was worth this from one moment to another; the last that is noted goes on."""
        self.known_us += to_us - from_us if worth is not None else 0
        if worth is not True:
            self.began_us = None
            return
        self.began_us = from_us if self.began_us is None else self.began_us
        self.first_us = self.began_us if self.first_us is None else self.first_us
        if to_us - self.began_us > self.longest_us:
            self.longest_us, self.longest_from_us = to_us - self.began_us, self.began_us


@dataclass(slots=True)
class Explained:
    """
    What one rule would have done on the day.

    `fired` has when (UTC microseconds) and why, `swallowed` when its condition
    began within the cool-down, `held_at_first` that it held when the day began,
    `really` how often the journal says that it fired. `parts` are those that
    must hold together; of one that must last, what must last.
    """

    rule: Rule
    parts: list[Part]
    held_at_first: bool = False
    fired: list[tuple[int, str]] = field(default_factory=list)
    swallowed: list[int] = field(default_factory=list)
    really: int = 0


def explain(
    rules: Sequence[Rule], world: World, entries: Iterable[Told], *, from_us: int, to_us: int
) -> list[Explained]:
    """
    Put what the journal tells of the time from `from_us` to `to_us` (UTC) to `rules`, which are enabled.

    `entries` come in the journal's order and begin as early as it does. The
    rules run from a day before, so that what lasts into the day is known.
    """
    return _Replay(rules, world, from_us, to_us).run(entries)


def facts_of(told: Told) -> list[Fact]:
    """Return what an entry says as the facts that it was made of; nothing where it says something else."""
    fields = told.fields
    match told.kind:
        case "arm.changed" if _is_one(fields.get("before"), ArmState) and _is_one(fields.get("after"), ArmState):
            before, after = ArmState(fields["before"]), ArmState(fields["after"])
            return [ArmChanged(before, after, str(fields.get("who", "")), str(fields.get("how", "")))]
        case "sensor.changed" if isinstance(fields.get("active"), bool):
            name, active = str(fields.get("sensor", "")), fields["active"]
            # That a confirmation is over is not journaled; with the sensor at rest it soon is.
            over = [] if active else [SensorConfirmed(name, confirmed=False)]
            return [SensorChanged(name, active, 0), *over]
        case "sensor.fault":
            return [SensorFaulty(str(fields.get("sensor", "")), faulty=fields.get("faulty") is True)]
        case "sensor.confirmed":
            return [SensorConfirmed(str(fields.get("sensor", "")), confirmed=True)]
        case "motion.began" | "motion.ended":
            return [Motion(str(fields.get("camera", "")), told.kind == "motion.began")]
        case "power.changed" if fields.get("after") in get_args(PowerState):
            return [PowerChanged(fields["after"])]
        case "presence.changed" if fields.get("after") in get_args(PresenceState):
            return [PresenceChanged(fields["after"])]
    return []


class _Replay:
    """
    Runs on a clock without steps, which agrees with people's when the replay begins, a day before the day.

    `_offset_us` is what people's clock has been set by since.
    """

    def __init__(self, rules: Sequence[Rule], world: World, from_us: int, to_us: int) -> None:
        self._rules = Rules(rules, world)
        self._world = world
        self._from_us, self._to_us = from_us, to_us
        self._found = [Explained(one.rule, _parts(one)) for one in self._rules.standings]
        self._now_us = self._begin_us = from_us - DAY_US
        self._offset_us = 0
        self._in_day = False
        # What the journal does not say of the beginning: nothing moves before a camera, and nothing is armed.
        for camera, _ in world.known.cameras:
            world.hear(CameraSees(camera, sees=True))
        world.state("arm", "disarmed")

    def run(self, entries: Iterable[Told]) -> list[Explained]:
        happened = self._happened(entries)
        self._note(partial(self._rules.look, self._moment()))
        for at_us, told in happened:
            self._until(at_us)
            self._offset_us += _step_us(told)
            for fact in facts_of(told):
                self._note(partial(self._rules.hear, fact, self._moment()))
            if told.kind == "rule.fired" and self._in_day:
                for found in self._found:
                    found.really += found.rule.id == told.fields.get("rule")
        self._until(self._to_us - self._offset_us)
        return self._found

    def _happened(self, entries: Iterable[Told]) -> list[tuple[int, Told]]:
        """Return what happened, with when, in that order; what was before the beginning the world is told at once."""
        stepped_us = 0
        later: list[tuple[int, Told]] = []
        for told in entries:
            if told.when_us < self._begin_us:
                for fact in facts_of(told):
                    self._world.hear(fact)
            elif told.when_us < self._to_us:
                stepped_us += _step_us(told)
                later.append((told.when_us - stepped_us, told))
        return sorted(later, key=lambda one: one[0])

    def _moment(self) -> Moment:
        return Moment(self._now_us, max(0, self._now_us + self._offset_us), Trust.SYNCED)

    def _until(self, end_us: int) -> None:
        """Let time pass up to a moment: whatever is due until then is looked at, and at midnight the day begins."""
        while True:
            due_us = self._rules.due_us
            next_us = end_us if due_us is None else min(due_us, end_us)
            midnight_us = self._from_us - self._offset_us
            if not self._in_day and midnight_us <= next_us:
                self._move(midnight_us)
                self._begin_day()
            elif due_us is not None and due_us <= end_us:
                self._move(due_us)
                self._note(partial(self._rules.look, self._moment()))
            else:
                break
        self._move(end_us)

    def _move(self, to_us: int) -> None:
        to_us = max(self._now_us, to_us)
        if self._in_day:
            self._account(to_us)
        self._now_us = to_us

    def _begin_day(self) -> None:
        self._in_day = True
        for found, one in zip(self._found, self._rules.standings, strict=True):
            found.held_at_first = one.holds

    def _account(self, to_us: int) -> None:
        for found, one in zip(self._found, self._rules.standings, strict=True):
            for part in found.parts:
                part.lasts(one.judged.worth(part.condition), self._now_us + self._offset_us, to_us + self._offset_us)

    def _note(self, act: Callable[[], list[Deed]]) -> None:
        held = [one.holds for one in self._rules.standings]
        deeds = act()
        if not self._in_day:
            return
        why = {
            deed.fields["rule"]: str(deed.fields["because"])
            for deed in deeds
            if isinstance(deed, Enter) and deed.kind == "rule.fired"
        }
        at_us = self._now_us + self._offset_us
        for found, one, before in zip(self._found, self._rules.standings, held, strict=True):
            if one.rule.id in why:
                found.fired.append((at_us, why[one.rule.id]))
            elif one.holds and not before:
                found.swallowed.append(at_us)


def _parts(one: Standing) -> list[Part]:
    """Return what must hold together; of a part that must last, what must last, with the words of the whole."""
    parts = one.rule.when.parts if isinstance(one.rule.when, All) else (one.rule.when,)
    lasting = [(part.part, part.for_s) if isinstance(part, Lasting) else (part, 0) for part in parts]
    return [Part(in_words(part), *inner) for part, inner in zip(parts, lasting, strict=True)]


def _step_us(told: Told) -> int:
    step_us = told.fields.get("step_us") if told.kind == "clock.stepped" else 0
    return step_us if type(step_us) is int else 0


def _is_one(value: object, of: type[ArmState]) -> bool:
    return isinstance(value, str) and value in {str(one) for one in of}
