"""Rules before a world that is moved by hand: what fires, and when."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta

from vigil.clock.trust import Trust
from vigil.config.actions import Do
from vigil.config.conditions_read import When
from vigil.config.model_rule import Rule, Site
from vigil.config.rule_logic import Known
from vigil.guard.deeds import Deed, Enter
from vigil.guard.facts import ArmChanged, ArmState, Fact, SensorChanged
from vigil.guard.moment import Moment
from vigil.guard.rule_state import World
from vigil.guard.rules import Rules

SECOND = 1_000_000
VIENNA = Site(latitude=48.2, longitude=16.37)


def utc_local(wall_us: int) -> tuple[int, int]:
    """The day of the week and the minute of the day, of somebody who lives by UTC."""
    minutes = wall_us // 60_000_000
    return (minutes // 1440 + 3) % 7, minutes % 1440


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """UTC microseconds of a date and time."""
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


class RulesAtWork:
    """Begins on Monday, 23 November 2026, at noon UTC."""

    def __init__(self, *rules: Rule, known: Known | None = None, before: object = None, wall_us: int = 0) -> None:
        self.steady_us = 5_000 * SECOND
        self.wall_us = wall_us or at(2026, 11, 23, 12)
        self.rules = Rules(rules, World(VIENNA, utc_local, known or Known()), before)
        self.deeds: list[Deed] = []

    def now(self) -> Moment:
        return Moment(self.steady_us, self.wall_us, Trust.SYNCED)

    def hears(self, *facts: Fact) -> list[Deed]:
        """Let things happen at this moment; returns the deeds."""
        return self._noted([deed for fact in facts for deed in self.rules.hear(fact, self.now())])

    def looks(self) -> list[Deed]:
        """Let time alone have its effect."""
        return self._noted(self.rules.look(self.now()))

    def waits(self, seconds: float) -> list[Deed]:
        """Let time pass as guard does: looked at each second, and whenever something is due."""
        before, end_us = len(self.deeds), self.steady_us + round(seconds * SECOND)
        while self.steady_us < end_us:
            due_us = self.rules.due_us
            step_us = min(SECOND, end_us - self.steady_us)
            if due_us is not None and self.steady_us < due_us < self.steady_us + step_us:
                step_us = due_us - self.steady_us
            self.passes(step_us)
            self.looks()
        return self.deeds[before:]

    def passes(self, microseconds: int) -> None:
        """Move both hands; nobody looks."""
        self.steady_us += microseconds
        self.wall_us += microseconds

    def sleeps_until_due(self, seconds: float) -> list[Deed]:
        """Let time pass, and look only when something is due."""
        before, end_us = len(self.deeds), self.steady_us + round(seconds * SECOND)
        while (due_us := self.rules.due_us) is not None and due_us <= end_us:
            self.passes(max(0, due_us - self.steady_us))
            self.looks()
        self.passes(end_us - self.steady_us)
        return self.deeds[before:]

    def _noted(self, deeds: list[Deed]) -> list[Deed]:
        self.deeds += deeds
        return deeds


def fired(deeds: list[Deed]) -> list[str]:
    """The rules that fired, in order."""
    return [str(deed.fields["rule"]) for deed in deeds if isinstance(deed, Enter) and deed.kind == "rule.fired"]


def rule(when: str, do: str = '{ notify = "hello" }', *, name: str = "a", cool_down_s: int = 0) -> Rule:
    """One rule, its condition and its actions as TOML has them."""
    values = tomllib.loads(f"when = {when}\ndo = [{do}]")
    condition, actions = When().take(values["when"]), Do().take(values["do"])
    return Rule(id=name, when=condition, do=actions, cool_down_s=cool_down_s)


def armed(state: str) -> ArmChanged:
    """The alarm is in this state now."""
    return ArmChanged(ArmState.DISARMED, ArmState(state), "me", "button")


def door(active: bool) -> SensorChanged:
    """The door opens, or closes."""
    return SensorChanged("door", active, 0)


def begun(*rules: Rule, **more) -> RulesAtWork:
    """Rules that have been looked at once."""
    box = RulesAtWork(*rules, **more)
    box.looks()
    return box
