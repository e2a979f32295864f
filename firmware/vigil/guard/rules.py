"""The part that keeps the owner's rules: when something begins to hold, something is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigil.config.actions import (
    Action,
    Arming,
    Lamp,
    Notify,
    Picture,
    Recording,
    Siren,
    Trigger,
    action_in_words,
)
from vigil.config.model_rule import Rule
from vigil.guard.deeds import Alarm, Arm, Deed, Enter, Keep, Record, Show, Snapshot, Sound, Tell
from vigil.guard.facts import ArmState, Fact
from vigil.guard.moment import Moment
from vigil.guard.rule_state import TIME, Judged, World

SUBJECT = "rules"
"""Of the state file."""

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_KEEP_EVERY_US = 10 * _SECOND_US


@dataclass(slots=True)
class Standing:
    """How one rule stands: whether its condition holds, and when it fired last (steady and wall clock)."""

    rule: Rule
    judged: Judged
    holds: bool = False
    fired_us: int | None = None
    fired_wall_us: int | None = None
    minute: int = -1

    def cools(self, now: Moment) -> bool:
        """Say whether it fired too short a time ago to fire again."""
        cool_us = self.rule.cool_down_s * _SECOND_US
        if self.fired_us is not None:
            return now.steady_us - self.fired_us < cool_us
        # Fired before this start: the steady clock has begun anew, and people's clock is all there is.
        return self.fired_wall_us is not None and 0 <= now.wall_us - self.fired_wall_us < cool_us


class Rules:
    """
    The rules that are enabled, over one `world`.

    `before` is what `Keep` was given at an earlier start (any value: it comes
    from a file): a rule that held then does not begin to hold by a restart.
    """

    def __init__(self, rules: Sequence[Rule], world: World, before: object = None) -> None:
        self._world = world
        self._standings = [Standing(rule, Judged(rule.when, world)) for rule in rules if rule.enabled]
        self._ends: dict[tuple[str, str, str], int] = {}
        self._kept: Mapping[str, Any] = {}
        self._kept_us: int | None = None
        self._begun = False
        self._restore(before)

    @property
    def standings(self) -> Sequence[Standing]:
        """How each rule stands, for whoever explains it."""
        return self._standings

    @property
    def due_us(self) -> int | None:
        """When a span is over, a window may begin or end, or a recording is to end."""
        dues = [one.judged.due_us for one in self._standings if one.judged.due_us is not None]
        return min([*dues, *self._ends.values()], default=None)

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from a fact, by the rules that are about it."""
        about = self._world.hear(fact)
        if not about or not self._begun:
            return []
        return [deed for one in self._standings if about in one.judged.about for deed in self._judge(one, now)]

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from time alone. The first look begins, with whatever was heard until then."""
        deeds = [*self._ended(now)]
        due = [one for one in self._standings if not self._begun or self._is_due(one, now)]
        self._begun = True
        for one in due:
            deeds += self._judge(one, now)
        return [*deeds, *self._keep(now, at_once=False)]

    def _is_due(self, one: Standing, now: Moment) -> bool:
        if one.judged.due_us is not None and one.judged.due_us <= now.steady_us:
            return True
        return TIME in one.judged.about and one.minute != now.wall_us // _MINUTE_US  # the clock was set

    def _judge(self, one: Standing, now: Moment) -> list[Deed]:
        one.minute = now.wall_us // _MINUTE_US
        worth = one.judged.judge(now)
        if worth is None or worth is one.holds:
            return []
        one.holds = worth
        return self._fire(one, now) if worth and not one.cools(now) else []

    def _fire(self, one: Standing, now: Moment) -> list[Deed]:
        one.fired_us, one.fired_wall_us = now.steady_us, now.wall_us
        did = "; ".join(action_in_words(action) for action in one.rule.do)
        fields = {"rule": one.rule.id, "because": one.judged.because()[:2000], "did": did[:2000]}
        deeds = [*self._keep(now, at_once=True), Enter("rule.fired", fields)]
        for action in one.rule.do:
            deeds += self._deeds(one.rule.id, action, now)
        return deeds

    def _deeds(self, rule: str, action: Action, now: Moment) -> list[Deed]:
        who = f"rule {rule}"
        match action:
            case Recording(camera, for_s) if for_s:
                self._ends["record", camera, who] = now.steady_us + for_s * _SECOND_US
                return [Record(camera, who, "began")]
            case Recording(camera):
                return [Record(camera, who, "pulse")]
            case Trigger(why, delayed, always):
                return [Alarm(f"{who}: {why}", delayed=delayed, always=always)]
            case Siren(for_s):
                # The alarm's own siren is not cut short by a rule's.
                triggered = self._world.states.get("arm") == ArmState.TRIGGERED
                return [] if triggered else [Sound("siren", for_s)]
            case Lamp(lamp, pattern, for_s):
                self._ends["lamp", lamp, ""] = now.steady_us + for_s * _SECOND_US
                return [Show(lamp, pattern)]
            case Notify(words):
                return [Tell(who, words)]
            case Picture(camera):
                return [Snapshot(camera)]
            case Arming(mode):
                return [Arm(mode, who, "rule")]

    def _ended(self, now: Moment) -> Iterator[Deed]:
        for key in [key for key, end_us in self._ends.items() if end_us <= now.steady_us]:
            del self._ends[key]
            what, name, who = key
            yield Record(name, who, "ended") if what == "record" else Show(name, "")

    def _keep(self, now: Moment, *, at_once: bool) -> list[Deed]:
        state = {one.rule.id: {"holds": one.holds, "fired_us": one.fired_wall_us} for one in self._standings}
        if state == self._kept:
            return []
        if not at_once and self._kept_us is not None and now.steady_us - self._kept_us < _KEEP_EVERY_US:
            return []
        self._kept, self._kept_us = state, now.steady_us
        return [Keep(SUBJECT, {"rules": state})]

    def _restore(self, before: object) -> None:
        rules = before.get("rules") if isinstance(before, Mapping) else None
        for one in self._standings:
            kept = rules.get(one.rule.id) if isinstance(rules, Mapping) else None
            if isinstance(kept, Mapping):
                one.holds = kept.get("holds") is True
                fired_us = kept.get("fired_us")
                one.fired_wall_us = fired_us if type(fired_us) is int else None
