"""A day of the journal put to the rules: what would have fired, and why not."""

from __future__ import annotations

import tomllib
from typing import Any

from fakes.rules_at_work import SECOND, VIENNA, at, utc_local
from vigil.config.actions import Do
from vigil.config.conditions_read import When
from vigil.config.model_rule import Rule
from vigil.config.rule_logic import Known
from vigil.guard.replay import DAY_US, Explained, Told, explain, facts_of
from vigil.guard.rule_state import World

DAY = at(2026, 11, 23)
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def rule(when: str, *, cool_down_s: int = 0, name: str = "a") -> Rule:
    condition = When().take(tomllib.loads(f"when = {when}")["when"])
    return Rule(id=name, when=condition, do=Do().take([{"notify": "x"}]), cool_down_s=cool_down_s)


def door(at_us: int, active: bool) -> Told:
    return Told(at_us, "sensor.changed", {"sensor": "door", "active": active})


def arm(at_us: int, after: str, before: str = "disarmed") -> Told:
    return Told(at_us, "arm.changed", {"before": before, "after": after, "who": "me", "how": "button"})


def explained(rules: list[Rule] | Rule, *entries: Told, to_us: int = DAY + DAY_US) -> Any:
    rules = [rules] if isinstance(rules, Rule) else rules
    known = Known((), (("yard", "outdoor"),))
    found = explain(rules, World(VIENNA, utc_local, known), entries, from_us=DAY, to_us=to_us)
    return found[0] if len(found) == 1 else found


def times(one: Explained) -> list[int]:
    return [at_us for at_us, _ in one.fired]


def test_what_would_have_fired_is_told_with_when_and_why():
    one = explained(
        rule('[{ sensor = "door", for_s = 600 }, { arm = "armed" }]'),
        arm(DAY + HOUR, "armed_away"), door(DAY + 2 * HOUR, True), door(DAY + 3 * HOUR, False),
    )  # fmt: skip

    assert one.fired == [
        (DAY + 2 * HOUR + 10 * MINUTE,
         "sensor door is active for 10 min; arm is armed_home or armed_away or armed_night")
    ]  # fmt: skip
    assert one.really == 0


def test_what_held_before_the_day_is_known_in_it():
    long_ago = DAY - 40 * DAY_US
    one = explained(
        rule('[{ sensor = "door" }, { arm = "armed_night" }]'), arm(long_ago, "armed_night"), door(DAY + HOUR, True)
    )

    assert times(one) == [DAY + HOUR]


def test_what_lasts_into_the_day_fires_in_it():
    one = explained(rule('{ sensor = "door", for_s = 7200 }'), door(DAY - HOUR, True))

    assert times(one) == [DAY + HOUR]
    assert explained(rule('{ sensor = "door", for_s = 600 }'), door(DAY - HOUR, True)).fired == []


def test_a_rule_that_held_already_when_the_day_began_is_said_to():
    one = explained(rule('{ sensor = "door" }'), door(DAY - HOUR, True))

    assert (one.held_at_first, one.fired) == (True, [])


def test_windows_and_the_sun_come_without_any_entry():
    one, other = explained([rule('{ time = "22:00-06:00" }'), rule('{ sun = "down" }', name="b")])

    assert times(one) == [DAY + 22 * HOUR]
    assert abs(times(other)[0] - (DAY + 15 * HOUR + 7 * MINUTE)) <= 2 * MINUTE


def test_motion_counts_from_when_it_was_seen_not_from_when_it_was_entered():
    seen = Told(DAY + HOUR + 9 * SECOND, "motion.began", {"camera": "yard", "when_us": DAY + HOUR})
    one = explained(rule('{ motion = "*", location = "outdoor" }'), seen, arm(DAY + HOUR + SECOND, "armed_away"))

    assert times(one) == [DAY + HOUR]


def test_what_begins_within_the_cool_down_is_told_as_swallowed():
    one = explained(
        rule('{ sensor = "door" }', cool_down_s=3600),
        door(DAY + HOUR, True), door(DAY + HOUR + SECOND, False), door(DAY + HOUR + MINUTE, True),
    )  # fmt: skip

    assert times(one) == [DAY + HOUR]
    assert one.swallowed == [DAY + HOUR + MINUTE]


def test_what_was_missing_is_measured():
    one = explained(
        rule('[{ sensor = "door", for_s = 600 }, { presence = "EMPTY" }, { arm = "disarmed" }]'),
        door(DAY + HOUR, False), door(DAY + 2 * HOUR, True), door(DAY + 2 * HOUR + 4 * MINUTE, False),
    )  # fmt: skip
    door_part, presence, armed = one.parts

    assert (door_part.for_s, door_part.longest_us, door_part.longest_from_us) == (600, 4 * MINUTE, DAY + 2 * HOUR)
    assert (presence.known_us, presence.first_us) == (0, None)
    assert (armed.longest_us, armed.first_us) == (DAY_US, DAY)


def test_what_the_journal_says_that_the_rule_did_is_counted():
    entries = [Told(DAY + hour * HOUR, "rule.fired", {"rule": "a", "because": "…", "did": "…"}) for hour in (-1, 1, 2)]

    assert explained(rule('{ arm = "armed" }'), *entries).really == 2


def test_a_clock_that_is_set_does_not_make_a_door_older():
    """The door opens at 01:00; at 01:05 the clock is set on by two hours; ten minutes after it opened it is 03:10."""
    step = Told(DAY + HOUR + 5 * MINUTE + 2 * HOUR, "clock.stepped", {"step_us": 2 * HOUR, "trust": "stepped"})
    one = explained(rule('{ sensor = "door", for_s = 600 }'), door(DAY + HOUR, True), step)

    assert times(one) == [DAY + 3 * HOUR + 10 * MINUTE]


def test_the_rest_of_a_day_that_is_not_over_is_not_replayed():
    assert explained(rule('{ time = "22:00-06:00" }'), to_us=DAY + 21 * HOUR).fired == []


def test_entries_that_say_nonsense_are_passed_over():
    nonsense: list[tuple[str, dict[str, Any]]] = [
        ("arm.changed", {"before": 3, "after": "armed_away"}), ("sensor.changed", {"sensor": "door", "changes": 900}),
        ("power.changed", {"after": "solar"}), ("presence.changed", {}), ("segment.opened", {}),
    ]  # fmt: skip

    assert [facts_of(Told(DAY, kind, fields)) for kind, fields in nonsense] == [[]] * len(nonsense)
