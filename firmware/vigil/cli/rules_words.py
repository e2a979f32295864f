"""What `vigil rules` says, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vigil.config.actions import action_in_words
from vigil.config.conditions import in_words, span_in_words
from vigil.config.model import Config
from vigil.config.model_rule import Rule
from vigil.guard.replay import Explained, Part

_SECOND_US = 1_000_000
_MOST = 20


def rules_in_words(config: Config) -> Iterator[str]:
    """Say each rule as a sentence, and that all of them are right."""
    for rule in config.rules:
        yield f"{rule.id}{'' if rule.enabled else ' (not enabled)'}"
        yield f"    when {in_words(rule.when)}"
        yield f"    then {'; '.join(action_in_words(action) for action in rule.do)}{_cool_down(rule)}"
    number = len(config.rules)
    if not number:
        yield "OK: there are no rules; docs/guide/rules.md has some to begin with"
        return
    yield f"OK: {number} rule{'s'[: number != 1]}; each can hold, and none goes round in a circle"


def explained_in_words(
    found: Sequence[Explained], *, from_us: int, to_us: int, shown: Callable[[int], str]
) -> Iterator[str]:
    """Say of each rule whether it would have fired, with why, or what was missing; `shown` gives the time of day."""
    widest = max((len(one.rule.id) for one in found), default=0)
    for one in found:
        yield f"{one.rule.id:{widest}}  {_verdict(one)}"
        for at_us, because in one.fired[:_MOST]:
            yield f"    {shown(at_us)}  {because}"
        if len(one.fired) > _MOST:
            yield f"    … and {len(one.fired) - _MOST} times more"
        for at_us in one.swallowed[:_MOST]:
            yield f"    {shown(at_us)}  it began to hold within its cool-down: nothing was done"
        if not one.fired and not one.swallowed:
            yield from (f"    {line}" for line in _why_not(one, to_us - from_us, shown))


def _verdict(one: Explained) -> str:
    times = len(one.fired)
    would = (
        "would have fired once"
        if times == 1
        else f"would have fired {times} times"
        if times
        else "would not have fired"
    )
    if times == one.really:
        return f"{would}, and did" if times else would
    did = "did not" if not one.really else "fired once" if one.really == 1 else f"fired {one.really} times"
    return f"{would}; on that day it {did} (the rule, or the configuration, was another)"


def _why_not(one: Explained, span_us: int, shown: Callable[[int], str]) -> Iterator[str]:
    if one.held_at_first:
        yield "it held already when the day began, and fires only when it begins to"
    never = [part for part in one.parts if not _enough(part)]
    for part in one.parts:
        yield f"{part.words}: {_of_the_day(part, span_us, shown)}"
    if not never and not one.held_at_first and len(one.parts) > 1:
        yield "each of these held, but never all at once"


def _enough(part: Part) -> bool:
    return part.longest_us >= _needed_us(part) and part.longest_us > 0


def _needed_us(part: Part) -> int:
    return part.for_s * _SECOND_US


def _of_the_day(part: Part, span_us: int, shown: Callable[[int], str]) -> str:
    if not part.known_us:
        return "not known all day: nothing was heard of it"
    if part.first_us is None:
        return "never held" + ("" if part.known_us >= span_us - _SECOND_US else ", as far as it was known")
    longest = span_in_words(part.longest_us // _SECOND_US)
    if not _enough(part):
        return f"never; the longest was {longest}, from {shown(part.longest_from_us)}"
    return "held all day" if part.longest_us >= span_us - _SECOND_US else f"held from {shown(part.first_us)}, {longest}"


def _cool_down(rule: Rule) -> str:
    return f"; then not for {span_in_words(rule.cool_down_s)}" if rule.cool_down_s else ""
