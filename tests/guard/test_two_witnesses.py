"""A sensor and a camera must agree, and covering the lens is no way past that."""

from __future__ import annotations

import pytest

from fakes.sensors_at_work import PIR, Box, alarms
from vigil.guard.deeds import Happened, Record
from vigil.guard.facts import ArmState, CameraSees, Motion, SensorConfirmed


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
