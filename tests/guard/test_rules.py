"""When a rule fires and what it does, on a clock moved by hand."""

from __future__ import annotations

import pytest

from fakes.rules_at_work import SECOND, RulesAtWork, armed, at, begun, door, fired, rule
from vigil.config.model_rule import Rule
from vigil.config.model_sensor import Sensor
from vigil.config.rule_logic import Known
from vigil.guard.deeds import Alarm, Arm, Enter, Keep, Record, Show, Snapshot, Sound, Tell
from vigil.guard.facts import (
    CameraSees,
    Motion,
    PowerChanged,
    PresenceChanged,
    SensorChanged,
    SensorConfirmed,
    SensorFaulty,
)


def test_a_rule_fires_when_its_condition_begins_to_hold_and_not_while_it_goes_on():
    box = begun(rule('{ sensor = "door" }'))

    assert fired(box.hears(door(True))) == ["a"]
    assert fired([*box.hears(door(True)), *box.waits(300)]) == []
    assert fired(box.hears(door(False))) == []
    assert fired(box.hears(door(True))) == ["a"]


def test_the_memory_is_kept_first_then_the_journal_then_what_is_done():
    box = begun(rule('{ sensor = "door" }'))
    box.hears(door(False))

    deeds = box.hears(door(True))

    assert deeds == [
        Keep("rules", {"rules": {"a": {"holds": True, "fired_us": box.wall_us}}}),
        Enter("rule.fired", {"rule": "a", "because": "sensor door is active", "did": "people are told “hello”"}),
        Tell("rule a", "hello"),
    ]


def test_a_list_holds_together():
    box = begun(rule('[{ sensor = "door" }, { arm = "armed" }]'))

    assert fired(box.hears(door(True), armed("disarmed"))) == []
    assert fired(box.hears(armed("armed_home"))) == ["a"]
    assert fired(box.hears(armed("armed_away"))) == []


def test_what_nobody_knows_neither_fires_nor_is_denied():
    box = begun(
        rule('{ not = { sensor = "door" } }'), rule('{ any = [{ sensor = "door" }, { power = "low" }] }', name="b")
    )

    assert fired(box.waits(10)) == []
    assert fired(box.hears(PowerChanged("low"))) == ["b"]
    assert fired(box.hears(door(False))) == ["a"]


def test_what_becomes_unknown_has_not_ceased():
    box = begun(rule('{ motion = "yard" }'))
    box.hears(CameraSees("yard", sees=True))
    assert fired(box.hears(Motion("yard", True))) == ["a"]

    assert fired(box.hears(CameraSees("yard", sees=False), CameraSees("yard", sees=True))) == []
    assert fired(box.hears(Motion("yard", True))) == ["a"]


def test_a_house_of_which_nobody_knows_who_is_there_is_neither_empty_nor_not():
    box = begun(rule('{ presence = "EMPTY" }'), rule('{ not = { presence = "EMPTY" } }', name="b"))
    assert fired(box.deeds) == []
    assert fired(box.hears(PresenceChanged("EMPTY"))) == ["a"]

    assert fired(box.hears(PresenceChanged("unknown"), PresenceChanged("EMPTY"))) == []
    assert fired(box.hears(PresenceChanged("unknown"), PresenceChanged("ALL_HOME"))) == ["b"]


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ('{ presence = "EMPTY" }', [PresenceChanged("ALL_HOME"), PresenceChanged("EMPTY")]),
        ('{ power = ["battery", "low"] }', [PowerChanged("mains"), PowerChanged("battery")]),
        ('{ motion = "yard" }', [Motion("yard", False), Motion("yard", True)]),
        ('{ sensor = "door", is = "rest" }', [door(True), door(False)]),
        ('{ sensor = "door", is = "faulty" }', [SensorFaulty("door", faulty=True)]),
        ('{ sensor = "door", is = "confirmed" }', [SensorConfirmed("door", confirmed=True)]),
        ('{ not = { sensor = "door", is = "faulty" } }', [SensorFaulty("door", True), SensorFaulty("door", False)]),
    ],
)
def test_each_subject_can_be_asked_for(when, facts):
    box = begun(rule(when))
    before = fired(box.deeds)

    assert fired([deed for fact in facts for deed in box.hears(fact)]) == ["a"], before


def test_any_sensor_of_a_kind_and_place():
    known = Known((
        Sensor(id="front", kind="contact", gpio=5, location="entrance"), Sensor(id="attic", kind="contact", gpio=6),
        Sensor(id="pir", kind="motion", gpio=7),
    ))  # fmt: skip
    box = begun(rule('{ sensor = "*", kind = "contact", location = "indoor" }'), known=known)

    assert fired(box.hears(SensorChanged("front", True, 0), SensorChanged("pir", True, 0))) == []
    assert fired(box.hears(SensorChanged("attic", True, 0))) == ["a"]


def test_a_span_counts_without_a_break_and_fires_to_the_moment():
    box = begun(rule('{ sensor = "door", for_s = 60 }'))
    box.hears(door(True))
    assert fired(box.waits(59.5)) == []
    box.hears(door(False))
    box.hears(door(True))

    assert box.rules.due_us == box.steady_us + 60 * SECOND
    assert fired(box.waits(59.999_999)) == []
    assert fired(box.waits(0.000_001)) == ["a"]
    assert box.deeds[-2] == Enter(
        "rule.fired", {"rule": "a", "because": "sensor door is active for 1 min", "did": "people are told “hello”"}
    )


def test_a_clock_that_is_set_makes_no_span_shorter():
    box = begun(rule('{ sensor = "door", for_s = 60 }'))
    box.hears(door(True))
    box.wall_us += 86_400 * SECOND

    assert fired(box.waits(59)) == []
    assert fired(box.waits(1)) == ["a"]


def test_within_the_cool_down_what_begins_is_not_made_up_for():
    box = begun(rule('{ sensor = "door" }', cool_down_s=60))
    box.hears(door(True))
    box.hears(door(False))
    box.waits(59)

    assert fired(box.hears(door(True))) == []
    assert fired(box.waits(600)) == []
    box.hears(door(False))
    assert fired(box.hears(door(True))) == ["a"]


def test_a_window_begins_and_ends_to_the_minute():
    box = begun(rule('{ time = "22:00-06:00", days = ["mon"] }'))

    assert fired(box.waits(10 * 3600 - 1)) == []
    assert fired(box.waits(1)) == ["a"]
    assert fired(box.waits(24 * 3600)) == []


def test_who_looks_only_when_something_is_due_meets_the_window_to_the_minute():
    box = begun(rule('{ time = "12:03-12:05" }'), wall_us=at(2026, 11, 23, 12, 1) + 30 * SECOND)

    assert fired(box.sleeps_until_due(89)) == []
    assert fired(box.sleeps_until_due(1)) == ["a"]


def test_a_clock_that_is_set_into_a_window_begins_it_at_the_next_look():
    box = begun(rule('{ time = "22:00-06:00" }'))
    box.wall_us = at(2026, 11, 23, 23)

    assert fired(box.waits(1)) == ["a"]


def test_sunset_begins_the_night():
    """In Vienna on 23 November 2026 the sun sets at 15:07 UTC (within a minute)."""
    box = begun(rule('{ sun = "down" }'), rule('{ sun = "down", sunset_min = -30 }', name="before"))

    assert fired(box.waits(2 * 3600 + 35 * 60)) == []
    assert fired(box.waits(4 * 60)) == ["before"]
    assert fired(box.waits(26 * 60)) == []
    assert fired(box.waits(4 * 60)) == ["a"]


# What is done


def test_every_action_becomes_its_deed_in_order():
    do = (
        '{ record = "yard" }, { trigger = "glass", delayed = true }, { siren_s = 30 }, { snapshot = "*" }, '
        '{ arm = "away" }, { lamp = "arm", pattern = "slow", for_s = 5 }'
    )
    box = begun(rule('{ sensor = "door" }', do))
    box.hears(armed("disarmed"))

    assert box.hears(door(True))[2:] == [
        Record("yard", "rule a", "pulse"),
        Alarm("rule a: glass", delayed=True, always=False),
        Sound("siren", 30),
        Snapshot("*"),
        Arm("away", "rule a", "rule"),
        Show("arm", "slow"),
    ]
    assert box.waits(4) == []
    assert box.waits(1) == [Show("arm", "")]


def test_a_recording_ends_when_its_time_is_over_and_begins_anew_when_it_fires_again():
    box = begun(rule('{ sensor = "door" }', '{ record = "*", for_s = 60 }'))
    box.hears(door(True))
    box.waits(50)
    box.hears(door(False))
    box.hears(door(True))

    records = [deed for deed in box.waits(59) if isinstance(deed, Record)]
    assert records == []
    assert [deed for deed in box.waits(1) if isinstance(deed, Record)] == [Record("*", "rule a", "ended")]


def test_a_rule_does_not_cut_the_siren_of_an_alarm_short():
    box = begun(rule('{ sensor = "door" }', "{ siren_s = 1 }"))
    box.hears(armed("triggered"))

    assert [deed for deed in box.hears(door(True)) if isinstance(deed, Sound)] == []


# Restarts


def kept(box: RulesAtWork) -> object:
    return {"rules": {**[deed for deed in box.deeds if isinstance(deed, Keep)][-1].state["rules"]}}


def test_a_restart_is_no_beginning():
    box = begun(rule('{ sensor = "door" }'))
    box.hears(door(True))

    again = begun(rule('{ sensor = "door" }'), before=kept(box))
    assert fired([*again.waits(2), *again.hears(door(True))]) == []
    again.hears(door(False))
    assert fired(again.hears(door(True))) == ["a"]


def test_a_condition_that_ceased_before_the_restart_may_begin_after_it():
    box = begun(rule('{ sensor = "door" }'))
    box.hears(door(True))
    box.hears(door(False))
    box.waits(10)

    assert fired(begun(rule('{ sensor = "door" }'), before=kept(box)).hears(door(True))) == ["a"]


def test_a_cool_down_outlives_a_restart_by_the_clock_of_people():
    box = begun(rule('{ sensor = "door" }', cool_down_s=600))
    box.hears(door(True))
    box.hears(door(False))
    box.waits(10)

    soon = begun(rule('{ sensor = "door" }', cool_down_s=600), before=kept(box), wall_us=box.wall_us + 500 * SECOND)
    later = begun(rule('{ sensor = "door" }', cool_down_s=600), before=kept(box), wall_us=box.wall_us + 600 * SECOND)
    back = begun(rule('{ sensor = "door" }', cool_down_s=600), before=kept(box), wall_us=box.wall_us - 3600 * SECOND)

    assert [fired(one.hears(door(True))) for one in (soon, later, back)] == [[], ["a"], ["a"]]


@pytest.mark.parametrize(
    "before", [None, 3, [], {}, {"rules": 3}, {"rules": {"a": 3}}, {"rules": {"a": {"fired_us": "x"}}}]
)
def test_a_memory_that_is_lost_or_nonsense_means_rather_twice_than_not_at_all(before):
    assert fired(begun(rule('{ sensor = "door" }'), before=before).hears(door(True))) == ["a"]


def test_what_was_heard_before_the_first_look_counts_together():
    box = RulesAtWork(rule('[{ sensor = "door" }, { not = { arm = "disarmed" } }]'))
    box.hears(door(True))
    box.hears(armed("disarmed"))

    assert fired(box.looks()) == []


def test_a_rule_that_is_off_does_not_fire():
    off = Rule(id="off", when=rule('{ sensor = "door" }').when, do=rule("{ sun = 'up' }").do, enabled=False)

    assert fired(begun(off).hears(door(True))) == []
