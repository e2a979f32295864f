"""What is passed on of a sensor, when it is at fault, and when it asks for the alarm; on a clock moved by hand."""

from __future__ import annotations

import pytest

from fakes.sensors_at_work import DOOR, PIR, SECOND, SMOKE, WINDOW, Box, alarms, faults
from vigil.clock.trust import Trust
from vigil.config.model_sensor import Sensor
from vigil.guard.deeds import Alarm, Enter, Fault, Happened, Tell
from vigil.guard.facts import (
    ArmChanged,
    ArmState,
    Sensed,
    SensorChanged,
    SensorFaulty,
    SensorLost,
)
from vigil.guard.moment import Moment
from vigil.guard.sensors import Sensors


def test_a_change_is_journaled_before_anybody_hears_of_it():
    box = Box(DOOR)
    box.says("door", active=False, changes=0)

    deeds = box.says("door", active=True)

    assert deeds == [
        Enter("sensor.changed", {"sensor": "door", "active": True}),
        Happened(SensorChanged("door", True, box.us)),
    ]


def test_what_is_found_at_the_start_is_known_and_marked_as_such():
    box = Box(DOOR)

    deeds = box.says("door", active=False, changes=0)

    assert deeds[0] == Enter("sensor.changed", {"sensor": "door", "active": False, "first": True})
    assert deeds[1] == Happened(SensorChanged("door", False, box.us))
    assert box.says("door", active=False, changes=0) == []


def test_a_sensor_that_nobody_configured_is_passed_over():
    assert Box(DOOR).says("other", active=True) == []


# The alarm


@pytest.mark.parametrize("state", [ArmState.ARMED_HOME, ArmState.ARMED_AWAY, ArmState.ARMED_NIGHT])
def test_a_contact_asks_for_the_alarm_however_the_box_is_armed(state):
    box = Box(DOOR, WINDOW)
    box.armed(state)

    assert alarms(box.says("door", active=True)) == [Alarm("sensor door was opened", delayed=True)]
    assert alarms(box.says("window", active=True)) == [Alarm("sensor window was opened", delayed=False)]
    assert alarms(box.says("door", active=False)) == []


@pytest.mark.parametrize("state", [ArmState.DISARMED, ArmState.ARMING])
def test_nothing_is_asked_for_while_people_may_walk_about(state):
    box = Box(DOOR)
    box.armed(ArmState.ARMED_AWAY)
    box.armed(state)

    assert alarms(box.says("door", active=True)) == []


def test_during_an_alarm_what_was_armed_still_counts():
    box = Box(WINDOW)
    box.armed(ArmState.ARMED_NIGHT)
    box.armed(ArmState.TRIGGERED)

    assert alarms(box.says("window", active=True)) == [Alarm("sensor window was opened", delayed=False)]


def test_movement_is_an_alarm_only_while_nobody_is_at_home():
    pir = Sensor(id="pir", kind="motion", gpio=7)
    box = Box(pir, Sensor(id="night-pir", kind="motion", gpio=8, alarm_in=("night", "away")))
    box.armed(ArmState.ARMED_NIGHT)

    assert alarms(box.says("pir", active=True)) == []
    assert alarms(box.says("night-pir", active=True)) == [Alarm("sensor night-pir noticed somebody", delayed=False)]


def test_smoke_is_an_alarm_even_disarmed_and_never_means_never():
    box = Box(SMOKE, Sensor(id="shed", kind="tamper", gpio=8, alarm_in=("never",)))

    assert alarms(box.says("smoke", active=True)) == [Alarm("sensor smoke noticed smoke", delayed=False, always=True)]
    assert alarms(box.says("shed", active=True)) == []


def test_a_door_that_is_found_open_when_the_power_returns_is_an_alarm():
    box = Box(DOOR)
    box.armed(ArmState.ARMED_AWAY)

    assert alarms(box.says("door", active=True, changes=0)) == [Alarm("sensor door was opened", delayed=True)]


def test_what_was_found_active_before_the_alarm_s_own_state_is_known_is_judged_then():
    us = 1_000 * SECOND
    sensors, now = Sensors([DOOR, WINDOW, SMOKE, PIR], us), Moment(us, us, Trust.SYNCED)
    found = [deed for name in ("door", "smoke", "pir") for deed in sensors.hear(Sensed(name, True, 0, us), now)]
    assert alarms(found) == []

    resumed = ArmChanged(ArmState.ARMED_AWAY, ArmState.ARMED_AWAY, "guard", "resumed")
    assert alarms(sensors.hear(resumed, now)) == [
        Alarm("sensor door was opened", delayed=True),
        Alarm("sensor smoke noticed smoke", delayed=False, always=True),
        Alarm("sensor pir noticed somebody", delayed=False),
    ]
    assert sensors.hear(resumed, now) == []


def test_an_alarm_that_outlived_a_restart_counts_as_armed_away():
    us = 1_000 * SECOND
    sensors, now = Sensors([WINDOW], us), Moment(us, us, Trust.SYNCED)
    sensors.hear(ArmChanged(ArmState.TRIGGERED, ArmState.TRIGGERED, "guard", "resumed"), now)

    assert alarms(sensors.hear(Sensed("window", True, 1, us), now)) == [
        Alarm("sensor window was opened", delayed=False)
    ]


def test_who_arms_with_a_window_open_is_told():
    box = Box(DOOR, WINDOW, PIR)
    box.says("window", active=True)
    box.says("pir", active=True)

    told = box.hears(ArmChanged(ArmState.DISARMED, ArmState.ARMED_NIGHT, "me", "button"))

    assert told == [Tell("sensors", "the box is armed_night, and open is: window")]
    assert box.hears(ArmChanged(ArmState.ARMED_NIGHT, ArmState.DISARMED, "me", "button")) == []
    box.says("window", active=False)
    assert box.hears(ArmChanged(ArmState.DISARMED, ArmState.ARMED_NIGHT, "me", "button")) == []


# Supervision


def test_a_wired_sensor_that_is_not_heard_is_silent_and_comes_back():
    box = Box(DOOR)
    box.says("door", active=False)

    assert faults(box.waits(29)) == []
    assert faults(box.waits(1)) == [Fault("sensor door", "nothing was heard of it for 30 s")]
    assert box.entries("sensor.fault")[-1] == {
        "sensor": "door", "faulty": True, "why": "nothing was heard of it for 30 s",
    }  # fmt: skip
    assert Happened(SensorFaulty("door", faulty=True)) in box.deeds
    assert faults(box.says("door", active=False, changes=0)) == [Fault("sensor door", "")]


def test_a_sensor_that_was_never_heard_is_silent_too():
    assert faults(Box(DOOR).waits(30)) == [Fault("sensor door", "nothing was heard of it since the start")]


def test_a_radio_sensor_is_silent_when_its_owner_says_so():
    box = Box(SMOKE, Sensor(id="quiet", kind="contact", topic="z/quiet"))

    assert faults(box.waits(3599)) == []
    assert faults(box.waits(1)) == [Fault("sensor smoke", "nothing was heard of it since the start")]


def test_a_sensor_that_never_changes_is_still():
    box = Box(Sensor(id="door", kind="contact", gpio=5, changes_at_least_every_s=3600))

    assert faults(box.waits(3599, beat="door")) == []
    assert faults(box.waits(1, beat="door")) == [Fault("sensor door", "it has not changed for 1 h: try it")]
    assert faults(box.says("door", active=True)) == [Fault("sensor door", "")]


def test_a_sensor_that_cannot_be_read_says_why():
    box = Box(DOOR)

    assert faults(box.hears(SensorLost("door", "GPIO5 is in use"))) == [
        Fault("sensor door", "it cannot be read: GPIO5 is in use")
    ]
    assert faults(box.says("door", active=False)) == [Fault("sensor door", "")]


def test_a_sensor_that_swings_at_1_khz_fills_no_journal_and_hides_nobody():
    box = Box(DOOR, WINDOW)
    box.armed(ArmState.ARMED_AWAY)
    heard_of_window = []
    for millisecond in range(20_000):
        box.us += 1000
        box.says("door", active=millisecond % 2 == 0)
        if millisecond == 10_000:
            heard_of_window = box.says("window", active=True)
        if millisecond % 1000 == 999:
            box.deeds += box.sensors.look(box.now())

    door = [entry for entry in box.entries("sensor.changed") if entry["sensor"] == "door"]
    assert len(door) <= DOOR.changes_at_most_per_min + 2
    assert alarms(heard_of_window) == [Alarm("sensor window was opened", delayed=False)]
    assert [fault.words[:11] for fault in faults(box.deeds) if fault.what == "sensor door"] == ["it chatters"]

    calm = box.waits(130, beat="door")
    counted = [entry["changes"] for entry in box.entries("sensor.changed") if "changes" in entry]
    assert counted == [20_000 - DOOR.changes_at_most_per_min]
    assert faults(calm)[-1] == Fault("sensor door", "")


def test_counted_changes_of_a_line_that_never_settles_are_chattering_too():
    box = Box(DOOR)
    box.says("door", active=False)

    deeds = box.says("door", active=False, changes=1000)

    assert [fault.words[:11] for fault in faults(deeds)] == ["it chatters"]


def test_a_minute_with_few_changes_ends_the_chattering():
    box = Box(DOOR)
    box.says("door", active=False, changes=1000)
    box.waits(60 + 30, beat="door")
    box.says("door", active=True, changes=60)

    assert faults(box.waits(29, beat="door")) == []
    assert faults(box.waits(1, beat="door")) == [Fault("sensor door", "")]
    assert box.entries("sensor.changed")[-1] == {"sensor": "door", "active": True, "first": True}


def test_a_busy_but_honest_sensor_is_no_chatterer():
    box = Box(DOOR)
    box.says("door", active=False, changes=0)
    for number in range(600):
        box.waits(2, beat="door")
        box.says("door", active=number % 2 == 0)

    assert faults(box.deeds) == []
    assert len(box.entries("sensor.changed")) == 601


def test_an_alarm_of_a_chattering_sensor_is_not_lost_when_it_comes_to_rest_active():
    box = Box(WINDOW)
    box.armed(ArmState.ARMED_AWAY)
    for number in range(200):
        box.us += 1000
        box.says("window", active=number % 2 == 0)
    box.says("window", active=True)

    assert alarms(box.waits(130, beat="window")) == [Alarm("sensor window was opened", delayed=False)]
