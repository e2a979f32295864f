"""What is passed on of a sensor, when it is at fault, and when it asks for the alarm; on a clock moved by hand."""

from __future__ import annotations

import pytest

from vigil.clock.trust import Trust
from vigil.config.model_sensor import Sensor
from vigil.guard.deeds import Alarm, Deed, Enter, Fault, Happened, Record
from vigil.guard.facts import (
    ArmChanged,
    ArmState,
    CameraSees,
    Motion,
    Sensed,
    SensorChanged,
    SensorConfirmed,
    SensorFaulty,
    SensorLost,
)
from vigil.guard.moment import Moment
from vigil.guard.sensors import Sensors

SECOND = 1_000_000
DOOR = Sensor(id="door", kind="contact", gpio=5, entry=True)
WINDOW = Sensor(id="window", kind="contact", gpio=6)
PIR = Sensor(id="pir", kind="motion", gpio=7, cameras=("hall",), confirm_within_s=10)
SMOKE = Sensor(id="smoke", kind="smoke", topic="z/smoke", heard_at_least_every_s=3600)


class Box:
    """Sensors with a clock moved by hand; what came of it, in order."""

    def __init__(self, *sensors: Sensor) -> None:
        self.us = 1_000 * SECOND
        self.sensors = Sensors(sensors, self.us)
        self.deeds: list[Deed] = []
        self.said: dict[str, bool] = {}
        self.hears(ArmChanged(ArmState.DISARMED, ArmState.DISARMED, "guard", "resumed"))

    def now(self) -> Moment:
        return Moment(self.us, 1_770_000_000 * SECOND + self.us, Trust.SYNCED)

    def hears(self, fact) -> list[Deed]:
        found = self.sensors.hear(fact, self.now())
        self.deeds += found
        return found

    def says(self, sensor: str, *, active: bool, changes: int = 1) -> list[Deed]:
        self.said[sensor] = active
        return self.hears(Sensed(sensor, active, changes, self.us))

    def waits(self, seconds: float, *, beat: str = "") -> list[Deed]:
        """Let time pass, looked at every second; `beat` names a sensor that is heard all the while."""
        before = len(self.deeds)
        for _ in range(round(seconds)):
            self.us += SECOND
            if beat:
                self.hears(Sensed(beat, self.said.get(beat, False), 0, self.us))
            self.deeds += self.sensors.look(self.now())
        return self.deeds[before:]

    def armed(self, state: ArmState) -> None:
        self.hears(ArmChanged(ArmState.DISARMED, state, "me", "button"))

    def entries(self, kind: str) -> list[dict[str, object]]:
        return [dict(deed.fields) for deed in self.deeds if isinstance(deed, Enter) and deed.kind == kind]


def alarms(deeds: list[Deed]) -> list[Alarm]:
    return [deed for deed in deeds if isinstance(deed, Alarm)]


def faults(deeds: list[Deed]) -> list[Fault]:
    return [deed for deed in deeds if isinstance(deed, Fault)]


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


# Two witnesses


def armed_with_pir() -> Box:
    box = Box(PIR)
    box.armed(ArmState.ARMED_AWAY)
    box.hears(CameraSees("hall", sees=True))
    box.says("pir", active=False)
    return box


def test_the_camera_records_while_the_sensor_is_active_and_there_is_no_alarm_yet():
    box = armed_with_pir()

    began = box.says("pir", active=True)
    ended = box.says("pir", active=False)

    assert Record("hall", "sensor pir", "began") in began
    assert Record("hall", "sensor pir", "ended") in ended
    assert alarms(box.deeds) == []


@pytest.mark.parametrize(("gap_s", "raised"), [(0, 1), (10, 1), (11, 0)])
def test_motion_within_ten_seconds_after_the_sensor_confirms_it(gap_s, raised):
    box = armed_with_pir()
    box.says("pir", active=True)
    box.says("pir", active=False)
    box.waits(gap_s, beat="pir")

    deeds = box.hears(Motion("hall", True))

    assert len(alarms(deeds)) == raised
    assert len(box.entries("sensor.confirmed")) == raised


@pytest.mark.parametrize(("gap_s", "raised"), [(0, 1), (10, 1), (11, 0)])
def test_motion_within_ten_seconds_before_the_sensor_confirms_it(gap_s, raised):
    box = armed_with_pir()
    box.hears(Motion("hall", True))
    box.hears(Motion("hall", False))
    box.waits(gap_s, beat="pir")

    deeds = box.says("pir", active=True)

    assert [alarm.why for alarm in alarms(deeds)] == [
        "sensor pir noticed somebody (camera hall saw motion too)"
    ] * raised


def test_one_episode_asks_once_and_the_next_one_again():
    box = armed_with_pir()
    box.hears(Motion("hall", True))
    box.says("pir", active=True)
    box.says("pir", active=False)
    box.says("pir", active=True)
    assert len(alarms(box.deeds)) == 1

    box.says("pir", active=False)
    over = box.waits(11, beat="pir")
    assert Happened(SensorConfirmed("pir", confirmed=False)) in over
    box.says("pir", active=True)

    assert len(alarms(box.deeds)) == 2


def test_a_covered_lens_is_no_way_in():
    box = armed_with_pir()
    box.hears(CameraSees("hall", sees=False))

    assert [alarm.why for alarm in alarms(box.says("pir", active=True))] == [
        "sensor pir noticed somebody (no camera can see there)"
    ]


def test_a_lens_that_is_covered_just_then_is_none_either():
    box = armed_with_pir()
    assert alarms(box.says("pir", active=True)) == []

    assert len(alarms(box.hears(CameraSees("hall", sees=False)))) == 1


def test_a_camera_that_was_not_heard_of_yet_is_no_witness():
    box = Box(PIR)
    box.armed(ArmState.ARMED_AWAY)

    assert len(alarms(box.says("pir", active=True, changes=0))) == 1


def test_another_camera_confirms_nothing():
    box = armed_with_pir()
    box.hears(Motion("yard", True))

    assert alarms(box.says("pir", active=True)) == []


def test_a_camera_that_sees_motion_can_see():
    box = Box(PIR)
    box.armed(ArmState.ARMED_AWAY)
    box.hears(Motion("hall", True))
    box.hears(Motion("hall", False))
    box.waits(11, beat="pir")

    assert alarms(box.says("pir", active=True)) == []


def test_no_recording_is_ended_that_nobody_began():
    box = Box(PIR)

    assert not [deed for deed in box.says("pir", active=False, changes=0) if isinstance(deed, Record)]
