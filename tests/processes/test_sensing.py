"""What guard hears of sensors and cameras becomes facts: once, and from whom it may."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from fakes.guards import guarding, signing, wait_for
from fakes.rules_at_work import at
from vigil.config.read import read_strict
from vigil.events import Health, SensorSaid, Status, TopicSaid
from vigil.guard.facts import CameraSees, Motion, Sensed, SensorLost
from vigil.processes.hub import HubClient
from vigil.processes.kept import kept_of
from vigil.processes.place import Place
from vigil.processes.sensing import Sensing, local_time
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.index_read import EventRow, IndexReader
from vigil.store.marker import make_store

SECOND = 1_000_000
CONFIG = f"""
schema = 1
owner = {{ recipients = ["{Identity(bytes(range(32))).recipient}"] }}
arm = {{ exit_delay_s = 0, entry_delay_s = 0 }}
[[camera]]
id = "gate"
source = "synthetic"
[[sensor]]
id = "door"
kind = "contact"
gpio = 5
[[sensor]]
id = "smoke"
kind = "smoke"
topic = "zigbee2mqtt/smoke"
[[rule]]
id = "door-opens"
when = {{ sensor = "door" }}
do = [{{ arm = "night" }}, {{ notify = "The door is open." }}]
"""


def sensing() -> Sensing:
    return Sensing(read_strict(CONFIG.encode()))


def status(state: str = "watching", **more) -> Status:
    return Status(camera="gate", state=state, **more)


def test_body_speaks_for_wired_sensors_alone():
    heard = sensing()

    assert heard.said(SensorSaid(sensor="door", active=True, changes=1, at_us=5)) == [Sensed("door", True, 1, 5)]
    assert heard.said(SensorSaid(sensor="door", fault="GPIO5 is busy")) == [SensorLost("door", "GPIO5 is busy")]
    assert heard.said(SensorSaid(sensor="smoke", active=True)) == []
    assert heard.said(SensorSaid(sensor="nobody", active=True)) == []


def test_a_radio_sensor_is_heard_by_its_topic():
    assert sensing().heard(TopicSaid(topic="zigbee2mqtt/smoke", payload='{"smoke": true}'), 7) == [
        Sensed("smoke", True, 0, 7)
    ]


def test_a_camera_s_motion_is_told_when_it_changes():
    heard = sensing()
    told = [
        heard.camera(status(motion=motion), at_s * SECOND) for at_s, motion in enumerate([False, True, True, False])
    ]

    assert told == [[CameraSees("gate", True)], [Motion("gate", True)], [], [Motion("gate", False)]]


@pytest.mark.parametrize("state", ["recording", "watching", "unclaimed", "disk fault"])
def test_a_camera_sees_whatever_becomes_of_its_pictures(state):
    assert sensing().camera(status(state, motion=True), 0) == [CameraSees("gate", True), Motion("gate", True)]


@pytest.mark.parametrize(
    "blind",
    [status("lost"), status("paused"), status(picture_check="black"), status("recording", picture_check="frozen")],
)
def test_a_camera_that_cannot_see_says_so_and_no_motion(blind):
    heard = sensing()
    heard.camera(status(motion=True), 0)

    assert heard.camera(blind, SECOND) == [CameraSees("gate", False)]
    assert heard.camera(status(motion=True), 2 * SECOND) == [CameraSees("gate", True), Motion("gate", True)]


def test_a_recorder_that_falls_silent_sees_nothing():
    heard = sensing()
    heard.camera(status(), 0)

    assert heard.look(4 * SECOND) == []
    assert heard.look(5 * SECOND) == [CameraSees("gate", False)]
    assert heard.look(6 * SECOND) == []


def test_the_day_of_the_week_is_that_of_the_box(monkeypatch):
    monkeypatch.setenv("TZ", "UTC-5")
    time.tzset()
    try:
        assert local_time(at(2026, 11, 22, 20, 30)) == (0, 90)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("content", [None, b"", b"{", b"[" * 100_000, b"\xff"])
def test_a_memory_that_cannot_be_read_is_none(tmp_path, content):
    place = Place(tmp_path)
    place.state.mkdir()
    if content is not None:
        place.state_file("rules").write_bytes(content)

    assert kept_of(Disk(), place, "rules") is None


# With guard


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    place.config_files.owners.write_bytes(CONFIG.encode())
    return place


def peer(place: Place, name: str) -> HubClient:
    client = HubClient(place.hub, name)
    assert client.connect()
    return client


def arm_is(state: str):
    return lambda message: isinstance(message, Health) and message.arm == state


def journal(place: Place, *kinds: str) -> list[EventRow]:
    with IndexReader.read(index_path(place.state)) as reader:
        return reader.events(kinds=kinds)


def test_a_door_fires_a_rule_that_arms_the_box_and_all_of_it_is_journaled(place):
    with signing(place), guarding(place) as run:
        wait_for(run, arm_is("disarmed"))
        body = peer(place, "body")
        assert body.send(SensorSaid(sensor="door", active=False, at_us=5))
        assert body.send(SensorSaid(sensor="door", active=True, changes=1, at_us=6))
        wait_for(run, arm_is("armed_night"))
        body.close()

    told = [(row.kind, row.fields.get("active", row.fields.get("rule"))) for row in journal(place, "sensor", "rule")]
    assert told == [("sensor.changed", False), ("sensor.changed", True), ("rule.fired", "door-opens")]
    (changed,) = journal(place, "arm.changed")
    assert (changed.fields["who"], changed.fields["how"]) == ("rule door-opens", "rule")
    assert json.loads(place.state_file("rules").read_bytes())["rules"]["door-opens"]["holds"] is True


def test_a_restart_of_guard_is_no_beginning(place):
    with signing(place):
        with guarding(place) as run:
            wait_for(run, arm_is("disarmed"))
            body = peer(place, "body")
            assert body.send(SensorSaid(sensor="door", active=True, changes=1, at_us=6))
            wait_for(run, arm_is("armed_night"))
            body.close()
        with guarding(place) as run:
            wait_for(run, arm_is("armed_night"))
            uplink = peer(place, "uplink")
            assert uplink.send(TopicSaid(topic="zigbee2mqtt/smoke", payload='{"smoke": true}'))
            wait_for(run, arm_is("triggered"))
            uplink.close()

    assert len(journal(place, "rule.fired")) == 1


def test_only_body_and_uplink_speak_for_sensors(place):
    with signing(place), guarding(place) as run:
        wait_for(run, arm_is("disarmed"))
        stranger, body = peer(place, "record@gate"), peer(place, "body")
        assert stranger.send(SensorSaid(sensor="door", active=True, changes=1, at_us=6))
        assert stranger.send(TopicSaid(topic="zigbee2mqtt/smoke", payload='{"smoke": true}'))
        assert body.send(TopicSaid(topic="zigbee2mqtt/smoke", payload='{"smoke": true}'))
        assert body.send(SensorSaid(sensor="door", active=True, changes=1, at_us=7))
        wait_for(run, arm_is("armed_night"))
        stranger.close()
        body.close()

    assert [row.fields["sensor"] for row in journal(place, "sensor.changed")] == ["door"]
