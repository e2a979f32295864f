"""What may stand in a rule: every form reads back, every mistake is told with its place."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings

from fakes.rules import actions, conditions
from vigil.config.actions import Do, action_as_document, action_in_words
from vigil.config.conditions import All, Lasting, Not, SensorIs, StateIs, TimeIs, in_words
from vigil.config.conditions_read import When, written_when
from vigil.config.write import toml_value
from vigil.errors import ConfigError


def when(text: str) -> object:
    return tomllib.loads(f"when = {text}")["when"]


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        When().take(when(text))
    return caught.value.problems


def test_a_list_holds_together_and_each_part_knows_its_place():
    found = When().take(when('[{ sensor = "garage", for_s = 600 }, { not = { arm = "armed" } }]'))

    armed = StateIs("arm", ("armed_home", "armed_away", "armed_night"))
    assert found == All((Lasting(SensorIs("garage"), 600), Not(armed)))
    assert isinstance(found, All) and [part.where for part in found.parts] == ["[1]", "[2]"]
    assert in_words(found) == (
        "sensor garage is active for 10 min and not arm is armed_home or armed_away or armed_night"
    )


@settings(max_examples=60, deadline=None)
@given(conditions())
def test_every_condition_reads_back_as_it_was_written(condition):
    text = toml_value(written_when(condition))

    assert When().take(when(text)) == condition


@settings(max_examples=40, deadline=None)
@given(actions())
def test_every_action_reads_back_as_it_was_written(some):
    assert Do().take([action_as_document(one) for one in some]) == some
    assert all(action_in_words(one) for one in some)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{ sensr = "a" }]', "[1]: it asks for nothing; give one of arm, presence, power, sensor, motion"),
        ('[{ sensor = "a", motion = "b" }]', "[1]: sensor and motion stand in one table; give one of arm"),
        ('{ arm = "armed_awy" }', '.arm = "armed_awy": give armed, disarmed, arming, '),
        ('[{ sensor = "a", is = "inactive" }]', '[1].is = "inactive": give active, rest, faulty or confirmed'),
        ('[{ sensor = "a", kind = "smoke" }]', '[1].kind: only with the name "*"'),
        ('[{ time = "22-6" }]', '[1].time = "22-6": give two times of the day, such as "22:00-06:00"'),
        ('[{ time = "22:00-22:00" }]', '[1].time = "22:00-22:00": it is empty; the whole day is "00:00-24:00"'),
        ('[{ time = "22:00-24:30" }]', '[1].time = "22:00-24:30": give two times of the day, such as "22:00-06:00"'),
        ('[{ time = "22:00-06:00", days = ["monday"] }]', '[1].days = "monday": give mon, tue, wed'),
        ('[{ sun = "set" }]', '[1].sun = "set": give up or down'),
        ('[{ sun = "up", sunset_min = 999 }]', "[1].sunset_min = 999: give a whole number, -360 to 360"),
        ('[{ arm = "disarmed", for_s = 0 }]', "[1].for_s = 0: give a whole number, 1 to 604800"),
        ('[{ arm = "disarmed", fors = 9 }]', "[1].fors: not a setting (did you mean for_s?)"),
        ('[{ any = [] }]', "[1].any = an empty list: give a list of conditions"),
        ('[{ any = [3] }]', '[1].any[1] = 3: give a condition such as { sensor = "door" }, or a list of them'),
        ('[]', " = an empty list: give a list of conditions"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(text: str, problem: str):
    [told] = mistakes(text)

    assert told.startswith(problem)


def test_too_deep_and_too_many_are_refused():
    deep = "{ not = " * 9 + '{ arm = "armed" }' + " }" * 9

    assert "deep" in mistakes(deep)[0]
    assert "33 conditions" in mistakes("[" + '{ arm = "armed" },' * 33 + "]")[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[{ record = 3 }]", '[1].record = 3: give the id of a camera, or "*" for each'),
        ('[{ record = "a", for_s = 9999 }]', "[1].for_s = 9999: give a whole number, 1 to 3600"),
        ('[{ notify = "" }]', '[1].notify = "": give text of 1 to 200 characters'),
        ('[{ arm = "armed_away" }]', '[1].arm = "armed_away": give disarmed, home, away or night'),
        ('[{ lamp = "arm" }]', "[1].pattern: missing; give "),
        ('[{ trigger = "x", always = 1 }]', "[1].always = 1: give true or false"),
        ('[{ shout = "x" }]', "[1] = a table: give one of record, trigger, siren_s, lamp, notify, snapshot or arm"),
        ('[{ snapshot = "a", of = 3 }]', "[1].of: not a setting"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_action_is_told_with_its_place(text: str, problem: str):
    with pytest.raises(ConfigError) as caught:
        Do().take(when(text))

    assert [told[: len(problem)] for told in caught.value.problems] == [problem]


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_begins():
    sunday_night = TimeIs(22 * 60, 6 * 60, (6,)).minutes()

    at = {(day, hour) for day in range(7) for hour in range(24) if sunday_night >> (day * 1440 + hour * 60) & 1}
    assert at == {(6, 22), (6, 23), *((0, hour) for hour in range(6))}
    assert TimeIs(0, 1440).minutes() == (1 << 10_080) - 1
