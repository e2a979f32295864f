"""Files of older schemas become files of this one, and what cannot be carried over is named."""

from __future__ import annotations

import pytest

from vigil.config.migrate import STEPS, forward, schema_of
from vigil.config.model import SCHEMA, Camera, Motion
from vigil.config.read import read_lenient, read_strict
from vigil.errors import ConfigError

OLD = b"""
[system]
name = "Old house"
timezone = "Europe/Berlin"
log_level = "DEBUG"
arm_pin_hash = "00:11"

[mqtt]
host = "127.0.0.1"

[[cameras]]
id = "Front_Door"
display_name = "Front"
rtsp_url = "rtsp://a:b@10.0.0.5/x"
record_continuous = true
motion_sensitivity = 0.65
motion_min_area_px = 2304
pre_motion_buffer_s = 8
retention_days = 14
location = "INTERIOR"

[[cameras]]
id = "yard"
rtsp_url = "rtsp://10.0.0.6/x"
resolution_motion = [320, 180]

[[cameras]]
id = "shed"
rtsp_url = "rtsp://10.0.0.7/x"
record_on_motion = false
post_motion_buffer_s = 12
"""


def test_there_is_a_step_from_every_older_schema():
    assert sorted(STEPS) == list(range(SCHEMA))


def test_an_old_file_means_what_it_meant():
    config = read_strict(OLD)

    door, yard, shed = config.cameras
    old_motion = Motion(sensitivity=70, minimum_area_pct=0.22)
    assert door == Camera(
        id="front-door",
        source="rtsp",
        url="rtsp://a:b@10.0.0.5/x",
        mode="continuous",
        pre_roll_s=8,
        post_roll_s=30,
        keep_days=14,
        motion=Motion(sensitivity=65, minimum_area_pct=1.0),
    )
    assert (yard.mode, yard.record, yard.post_roll_s) == ("motion", True, 30)
    assert yard.motion == Motion(sensitivity=70, minimum_area_pct=0.87)
    assert (shed.record, shed.post_roll_s, shed.motion) == (False, 12, old_motion)
    assert (config.system.name, config.system.log_level) == ("Old house", "debug")
    assert (yard.keep_days, shed.keep_days, config.storage.keep_days) == (30, 30, 0)


def test_what_is_left_behind_is_named():
    salvage = read_lenient(OLD)

    notes = "\n".join(salvage.notes)
    assert salvage.faults == ()
    for word in [
        "mqtt: ",
        "system.timezone: ",
        "set-pin",
        ": display_name",
        '"Front_Door": is now "front-door"',
    ]:
        assert word in notes
    assert len(salvage.notes) == 5


def test_the_old_document_is_not_touched():
    old = {"cameras": [{"id": "A"}], "system": {"name": "x"}}

    forward(old, 0)

    assert old == {"cameras": [{"id": "A"}], "system": {"name": "x"}}


def test_a_mistake_in_an_old_file_is_still_a_mistake():
    with pytest.raises(ConfigError) as caught:
        read_strict(b'[[cameras]]\nid = "a"\nrtsp_url = 5\nmotion_sensitivity = "much"\npre_motion_buffer_s = 900\n')

    assert [problem.split(" = ")[0] for problem in caught.value.problems] == [
        "camera.a.url",
        "camera.a.pre_roll_s",
        "camera.a.motion.sensitivity",
    ]


@pytest.mark.parametrize(
    ("document", "schema"), [({"cameras": []}, 0), ({"schema": 0}, 0), ({"schema": 1}, 1), ({"schema": 10**30}, 10**30)]
)
def test_a_document_says_its_schema(document: dict[str, object], schema: int):
    assert schema_of(document) == schema


@pytest.mark.parametrize(
    "document", [{}, {"camera": []}, {"schema": "1"}, {"schema": True}, {"schema": -1}, {"schema": 1.0}]
)
def test_a_document_without_a_schema_is_asked_for_it(document: dict[str, object]):
    with pytest.raises(ConfigError):
        schema_of(document)
