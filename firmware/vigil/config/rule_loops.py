"""Circles of rules: one arms, which makes another disarm, which makes the first one arm again, for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vigil.config.actions import Arming, Trigger
from vigil.config.conditions import ARM_STATES
from vigil.config.model_rule import Rule
from vigil.config.rule_logic import Alternative, Known, TooMany, alternatives, bits_of, together

_LEADS_TO = {
    "disarmed": ("disarmed",),
    "home": ("arming", "armed_home"),
    "away": ("arming", "armed_away"),
    "night": ("arming", "armed_night"),
}
_TRIGGERED = ("pending", "triggered")
_EVERY = (1 << len(ARM_STATES)) - 1
_LONGEST = 8
"""Circles of more rules than this are not looked for: nobody makes them by mistake."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A rule as a part of a circle: the arm states it waits for and brings about, and what else must hold."""

    id: str
    waits: int
    brings: int
    rest: tuple[Alternative, ...]


class Circles:
    """Finds the circles that a rule closes with others. What a rule waits for is worked out once."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._links: dict[Rule, _Link | None] = {}

    def closed_by(self, rule: Rule, others: Sequence[Rule]) -> list[str]:
        """Return a sentence for each circle through `rule` whose conditions, arm states left out, can hold together."""
        link = self._link(rule)
        if link is None:
            return []
        links = [one for other in others for one in [self._link(other)] if one]
        found = []
        for circle in _circles([link], link.rest, links):
            names = [one.id for one in (*circle[1:], link)]
            pairs = zip(names, [*names[1:], names[0]], strict=True)
            steps = ", and ".join(f"{one} does what {other} waits for" for one, other in pairs)
            found.append(f"{_listed([f'rule.{name}' for name in names])} would go on for ever: {steps}")
        return found

    def _link(self, rule: Rule) -> _Link | None:
        if rule not in self._links:
            self._links[rule] = _link(rule, self._known) if rule.enabled else None
        return self._links[rule]


def _link(rule: Rule, known: Known) -> _Link | None:
    brings = 0
    for action in rule.do:
        if isinstance(action, Arming):
            brings |= bits_of(_LEADS_TO[action.mode], ARM_STATES)
        elif isinstance(action, Trigger):
            brings |= bits_of(_TRIGGERED, ARM_STATES)
    if not brings:
        return None
    try:
        ways = alternatives(rule.when, known, [])
    except TooMany:
        return None  # refused by itself
    waits = 0
    for way in ways:
        waits |= way["arm"].bits if "arm" in way else 0
    if waits in (0, _EVERY):
        return None
    rest = [{subject: said for subject, said in way.items() if subject != "arm"} for way in ways if "arm" in way]
    return _Link(rule.id, waits, brings, tuple(rest))


def _circles(path: list[_Link], rest: Sequence[Alternative], others: Sequence[_Link]) -> Iterator[list[_Link]]:
    last, first = path[-1], path[0]
    if len(path) > 1 and last.brings & first.waits:
        yield path
    if len(path) == _LONGEST:
        return
    for link in others:
        if link in path or not last.brings & link.waits:
            continue
        try:
            both = together(rest, link.rest)
        except TooMany:
            continue
        if both:
            yield from _circles([*path, link], both, others)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
