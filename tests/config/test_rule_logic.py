"""A rule that could never fire is refused, with what excludes what; one that can is not."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings

from fakes.rules import CAMERAS, conditions
from vigil.config.conditions import (
    ARM_STATES,
    POWER_STATES,
    PRESENCE_STATES,
    All,
    Condition,
    Either,
    Lasting,
    MotionAt,
    Not,
    SensorIs,
    StateIs,
    TimeIs,
    leaves,
)
from vigil.config.read import read_lenient, read_strict
from vigil.config.rule_logic import Known, TooMany, alternatives
from vigil.errors import ConfigError

TOP = """
schema = 1
location = { latitude = 48.2, longitude = 16.4 }
[[camera]]
id = "yard"
source = "synthetic"
location = "outdoor"
[[camera]]
id = "off"
source = "synthetic"
enabled = false
[[sensor]]
id = "door"
kind = "contact"
gpio = 5
"""


def rule(when: str, do: str = '{ notify = "x" }', name: str = "a", more: str = "") -> str:
    return f'[[rule]]\nid = "{name}"\nwhen = {when}\ndo = [{do}]\n{more}\n'


def problems(*rules: str) -> list[str]:
    try:
        read_strict((TOP + "".join(rules)).encode())
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("when", "clash"),
    [
        ('[{ arm = "armed_night" }, { arm = "disarmed" }]', "arm is armed_night, and arm is disarmed"),
        ('[{ presence = "EMPTY" }, { not = { presence = ["EMPTY", "KIDS_HOME"] } }]',
         "presence is EMPTY, and not presence is EMPTY or KIDS_HOME"),
        ('[{ sensor = "door" }, { sensor = "door", is = "rest" }]',
         "sensor door is active, and sensor door is at rest"),
        ('[{ time = "22:00-23:00" }, { time = "06:00-07:00" }]', "it is 22:00-23:00, and it is 06:00-07:00"),
        ('[{ time = "22:00-06:00", days = ["mon"] }, { time = "08:00-09:00" }]',
         "it is 22:00-06:00 on mon, and it is 08:00-09:00"),
        ('[{ sun = "up" }, { sun = "down" }]', "the sun is up, and the sun is down"),
        ('{ time = "22:00-23:00", for_s = 3601 }', "it is 22:00-23:00, and that for 1 h 1 s"),
        ('[{ motion = "*" }, { not = { motion = "yard" } }]',
         "camera yard sees motion, and not camera yard sees motion"),
    ],
)  # fmt: skip
def test_what_excludes_each_other_is_refused_and_named(when: str, clash: str):
    assert problems(rule(when)) == [f"rule.a.when: it can never hold: {clash}"]


@pytest.mark.parametrize(
    "when",
    [
        '{ any = [{ sensor = "door" }, { not = { sensor = "door" } }] }',
        '{ arm = ["disarmed", "arming", "armed", "pending", "triggered"] }',
        '{ time = "00:00-24:00" }',
        '{ not = { all = [{ arm = "armed" }, { arm = "disarmed" }] } }',
    ],
)
def test_what_always_holds_never_begins(when: str):
    assert problems(rule(when)) == ["rule.a.when: it always holds, so it never begins to"]


def test_a_branch_that_never_counts_is_a_slip():
    dead = '[{ arm = "disarmed" }, { any = [{ sensor = "door" }, { arm = "armed_away" }] }]'

    assert problems(rule(dead)) == [
        "rule.a.when[2].any[2]: beside the rest it can never hold: arm is disarmed, and arm is armed_away"
    ]


@pytest.mark.parametrize(
    "when",
    [
        '[{ any = [{ arm = "armed" }, { sensor = "door" }] }, { any = [{ arm = "disarmed" }, { motion = "yard" }] }]',
        '[{ time = "22:00-06:00" }, { time = "05:00-07:00" }]',
        '[{ time = "22:00-06:00", for_s = 28800 }]',
        '[{ sun = "down" }, { sun = "up", sunset_min = 30 }]',
        '[{ sensor = "door" }, { not = { sensor = "door", for_s = 600 } }]',
        '[{ sensor = "door", is = "faulty" }, { sensor = "door" }]',
    ],
)
def test_what_can_hold_is_not_refused(when: str):
    assert problems(rule(when)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (rule('{ sensor = "dor" }'), 'rule.a.when.sensor = "dor": there is no such sensor (did you mean door?)'),
        (rule('[{ motion = "yrd" }]'), 'rule.a.when[1].motion = "yrd": there is no such camera (did you mean yard?)'),
        (rule('[{ motion = "off" }]'), 'rule.a.when[1].motion = "off": this camera is not enabled'),
        (rule('{ sensor = "*", kind = "smoke" }'), 'rule.a.when: "*" stands for nothing: there is no such sensor'),
        (rule('{ sensor = "door", is = "confirmed" }'),
         'rule.a.when.sensor = "door": nobody confirms it; give it cameras and confirm_within_s'),
        (rule('{ arm = "armed" }', '{ record = "gate" }'), 'rule.a.do[1].record = "gate": there is no such camera'),
        (rule('{ sun = "up" }', '{ snapshot = "off" }'), 'rule.a.do[1].snapshot = "off": this camera is not enabled'),
    ],
)  # fmt: skip
def test_names_that_nobody_has_are_refused(text: str, problem: str):
    assert problems(text) == [problem]


def test_the_sun_needs_a_place():
    text = TOP.replace("location = { latitude = 48.2, longitude = 16.4 }", "") + rule('{ sun = "up" }')

    with pytest.raises(ConfigError, match=r"rule\.a\.when\.sun: say where the box stands, in \[location\]"):
        read_strict(text.encode())


def test_a_mistake_costs_one_rule_when_booting():
    bad, good = rule('[{ arm = "armed" }, { arm = "disarmed" }]', name="bad"), rule('{ sensor = "door" }', name="good")

    salvage = read_lenient((TOP + bad + good).encode())

    assert [one.id for one in salvage.config.rules] == ["good"]
    assert salvage.faults[-1] == "rule.bad: not used until this is corrected"


def test_what_nobody_can_think_through_is_refused_in_time():
    either = '{ any = [{ presence = "EMPTY" }, { power = "low" }, { sensor = "door" }, { motion = "yard" }] }'

    assert "alternatives" in problems(rule(f"[{', '.join([either] * 8)}]"))[0]


KNOWN = Known((), tuple((camera, "") for camera in CAMERAS))


def holds(condition: Condition, world: dict[str, object]) -> bool:
    """Kleene without the unknown: what the condition says of one state of the world, read by its words alone."""
    match condition:
        case All(parts):
            return all(holds(part, world) for part in parts)
        case Either(parts):
            return any(holds(part, world) for part in parts)
        case Not(part):
            return not holds(part, world)
        case StateIs(subject, states):
            return world[subject] in states
        case SensorIs(sensor, state):
            told = world[f"{sensor} faulty" if state == "faulty" else sensor]
            return told is (state != "rest")
        case MotionAt(camera):
            return world[camera] is True
        case TimeIs():
            return bool(condition.minutes() >> int(str(world["minute"])) & 1)
    raise AssertionError(condition)


def worlds(condition: Condition) -> list[dict[str, object]]:
    """Every state of the world that the condition can tell from another."""
    said: dict[str, list[object]] = {}
    every = {"arm": ARM_STATES, "presence": PRESENCE_STATES, "power": POWER_STATES}
    edges = {0}
    for leaf in leaves(condition):
        match leaf:
            case StateIs(subject):
                said[subject] = list(every[subject])
            case SensorIs(sensor, state):
                said[f"{sensor} faulty" if state == "faulty" else sensor] = [False, True]
            case MotionAt(camera):
                said[camera] = [False, True]
            case TimeIs(from_min, to_min):
                edges |= {(day * 1440 + minute) % 10_080 for day in range(7) for minute in (from_min, to_min)}
    said["minute"] = [*sorted(edges)]
    return [dict(zip(said, values, strict=True)) for values in itertools.product(*said.values())]


@settings(max_examples=150, deadline=None)
@given(conditions(deep=5))
def test_never_and_always_are_what_trying_every_state_of_the_world_says(condition: Condition):
    """Against brute force, for conditions without `for_s`: those reach further than one state of the world."""
    timeless = _without_lasting(condition)
    try:
        ever = bool(alternatives(timeless, KNOWN, []))
        always = not alternatives(Not(timeless), KNOWN, [])
    except TooMany:
        return
    found = worlds(timeless)
    if len(found) > 20_000:
        return

    assert ever is any(holds(timeless, world) for world in found)
    assert always is all(holds(timeless, world) for world in found)


def _without_lasting(condition: Condition) -> Condition:
    match condition:
        case All(parts):
            return All(tuple(_without_lasting(part) for part in parts))
        case Either(parts):
            return Either(tuple(_without_lasting(part) for part in parts))
        case Not(part):
            return Not(_without_lasting(part))
        case Lasting(part):
            return _without_lasting(part)
    return condition


# Circles

ARM = rule('[{ presence = "EMPTY" }, { arm = "disarmed" }]', '{ arm = "away" }', "arms")


def test_two_rules_that_would_go_on_for_ever_are_refused():
    disarms = rule('[{ power = "mains" }, { arm = "armed_away" }]', '{ arm = "disarmed" }', "disarms")

    [told] = problems(ARM, disarms)

    assert told == (
        "rule.arms and rule.disarms would go on for ever: arms does what disarms waits for, and disarms does what arms "
        "waits for"
    )


@pytest.mark.parametrize(
    "other",
    [
        '[{ not = { presence = "EMPTY" } }, { arm = "armed_away" }]',
        '[{ presence = "EMPTY" }, { arm = "armed_night" }]',
        '[{ presence = "EMPTY" }]',
    ],
)
def test_rules_whose_conditions_do_not_meet_are_no_circle(other: str):
    assert problems(ARM, rule(other, '{ arm = "disarmed" }', "disarms")) == []


def test_at_ten_arm_and_at_six_disarm_is_no_circle():
    night = rule('[{ time = "22:00-23:00" }, { arm = "disarmed" }]', '{ arm = "night" }', "night")
    morning = rule('[{ time = "06:00-09:00" }, { arm = "armed_night" }]', '{ arm = "disarmed" }', "morning")
    late = rule('[{ time = "22:30-05:00" }, { arm = "armed_night" }]', '{ arm = "disarmed" }', "late")

    assert problems(night, morning) == []
    assert "rule.night and rule.late would go on for ever" in problems(night, morning, late)[0]


def test_a_circle_of_three_and_one_through_the_alarm_are_found():
    first = rule('[{ sensor = "door" }, { arm = "disarmed" }]', '{ arm = "home" }', "first")
    second = rule('[{ arm = "armed_home" }]', '{ trigger = "x", always = true }', "second")
    third = rule('[{ arm = "triggered" }]', '{ arm = "disarmed" }', "third")

    [told] = problems(first, second, third)

    assert told.startswith("rule.first, rule.second and rule.third would go on for ever")
    assert problems(first, second) == []


def test_only_the_rule_that_closes_a_circle_is_left_out_when_booting():
    disarms = rule('[{ power = "mains" }, { arm = "armed_away" }]', '{ arm = "disarmed" }', "disarms")

    assert [one.id for one in read_lenient((TOP + ARM + disarms).encode()).config.rules] == ["arms"]


def test_a_rule_that_is_off_closes_no_circle():
    disarms = rule('[{ arm = "armed_away" }]', '{ arm = "disarmed" }', "disarms", "enabled = false")

    assert problems(ARM, disarms) == []
