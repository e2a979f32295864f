"""Messages of radio sensors, as Zigbee2MQTT and Z-Wave JS UI send them, and as nobody should."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.config.model_sensor import Sensor
from vigil.guard.facts import Sensed, SensorLost
from vigil.guard.sensor_topics import Topics


def sensor(kind: str, topic: str = "zigbee2mqtt/it", key: str = "") -> Sensor:
    return Sensor(id="it", kind=kind, topic=topic, key=key)  # type: ignore[arg-type]


def heard(one: Sensor, payload: object, topic: str = "") -> list[object]:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return list(Topics([one]).heard(topic or one.topic, data, 7))


@pytest.mark.parametrize(
    ("kind", "payload", "active"),
    [
        ("contact", {"battery": 100, "contact": True, "linkquality": 128, "voltage": 3045}, False),
        ("contact", {"contact": False, "battery_low": False, "tamper": False}, True),
        ("motion", {"occupancy": True, "illuminance": 12, "battery": 97}, True),
        ("motion", {"occupancy": False}, False),
        ("motion", {"presence": True, "target_distance": 1.2}, True),
        ("water", {"battery": "100.00", "water_leak": False}, False),
        ("water", {"water_leak": True, "tamper": False}, True),
        ("smoke", {"smoke": True, "battery": 90, "smoke_density": 0.4}, True),
        ("tamper", {"contact": True, "tamper": True}, True),
    ],
)
def test_zigbee2mqtt_says_it_in_one_object(kind, payload, active):
    assert heard(sensor(kind), payload) == [Sensed("it", active, 0, 7)]


DOOR = "zwave/hall/back-door/notification/endpoint_0/Access_Control/Door_state_simple"


@pytest.mark.parametrize(
    ("kind", "topic", "payload", "active"),
    [
        ("contact", DOOR, {"time": 1548683523859, "value": 22}, True),
        ("contact", DOOR, {"time": 1548683523859, "value": 23}, False),
        ("contact", "zwave/7/113/0/Access Control/Door state", b"22", True),
        ("contact", "zwave/door/sensor_binary/endpoint_0/Any", {"time": 1, "value": True}, True),
        ("motion", "zwave/7/113/0/Home Security/Motion sensor status", b"8", True),
        ("motion", "zwave/7/113/0/Home Security/Motion sensor status", b"0", False),
        ("motion", "zwave/pir/sensor_binary/endpoint_0/Any", b"true", True),
        ("tamper", "zwave/7/113/0/Home Security/Cover status", {"value": 3, "nodeId": 7, "type": "number"}, True),
        ("water", "zwave/w/notification/endpoint_0/Water_Alarm/Sensor_status", {"value": 2}, True),
        ("smoke", "zwave/s/notification/endpoint_0/Smoke_Alarm/Sensor_status", {"value": 0}, False),
    ],
)
def test_z_wave_js_ui_says_one_value_for_a_topic(kind, topic, payload, active):
    assert heard(sensor(kind, topic), payload) == [Sensed("it", active, 0, 7)]


def test_a_temperature_is_active_beyond_its_limits_and_says_its_value():
    attic = Sensor(id="it", kind="temperature", topic="z/attic", high_c=40)
    topics = Topics([attic])

    said = [topics.heard("z/attic", json.dumps({"temperature": c}).encode(), 7) for c in (21.34, 40.5, 39.5, 38.9)]

    assert said == [
        [Sensed("it", False, 0, 7, "21.3 °C")], [Sensed("it", True, 1, 7, "40.5 °C")],
        [Sensed("it", True, 0, 7, "39.5 °C")], [Sensed("it", False, 1, 7, "38.9 °C")],
    ]  # fmt: skip


def test_a_change_is_counted_and_a_word_about_the_battery_is_none():
    topics = Topics([sensor("contact")])
    topics.heard("zigbee2mqtt/it", b'{"contact": true}', 1)

    assert topics.heard("zigbee2mqtt/it", b'{"contact": false}', 2) == [Sensed("it", True, 1, 2)]
    assert topics.heard("zigbee2mqtt/it", b'{"battery": 80}', 3) == [Sensed("it", True, 0, 3)]
    assert Topics([sensor("contact")]).heard("zigbee2mqtt/it", b'{"battery": 80}', 3) == []


def test_one_device_may_be_two_sensors():
    topics = Topics([
        Sensor(id="door", kind="contact", topic="z/door"), Sensor(id="lid", kind="tamper", topic="z/door"),
    ])  # fmt: skip

    assert topics.heard("z/door", b'{"contact": true, "tamper": true}', 1) == [
        Sensed("door", False, 0, 1), Sensed("lid", True, 0, 1),
    ]  # fmt: skip


def test_another_key_may_be_the_one_that_counts():
    assert heard(sensor("motion", key="vibration"), {"vibration": True, "occupancy": False}) == [
        Sensed("it", True, 0, 7)
    ]
    assert heard(sensor("contact", key="opening"), {"opening": True}) == [Sensed("it", True, 0, 7)]


@pytest.mark.parametrize("payload", [b"offline", b'"offline"', b'{"state":"offline"}'])
def test_a_bridge_that_says_offline_makes_it_lost(payload):
    topics = Topics([sensor("contact")])
    topics.heard("zigbee2mqtt/it", b'{"contact": true}', 1)

    assert topics.heard("zigbee2mqtt/it/availability", payload, 2) == [
        SensorLost("it", "its bridge says that it does not answer")
    ]
    assert topics.heard("zigbee2mqtt/it/availability", b'{"state": "online"}', 3) == [Sensed("it", False, 0, 3)]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("contact", b"\xff\xfe"), ("contact", b"{"), ("contact", b""), ("contact", b"[" * 50_000),
        ("contact", {"contact": "ajar"}), ("motion", {"occupancy": 9}), ("smoke", {"smoke": [1]}),
        ("temperature", {"temperature": "warm"}), ("temperature", b'{"temperature": NaN}'),
        ("temperature", {"temperature": True}), ("water", b"0" * 70_000), ("contact", DOOR.encode()),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_of_the_sensor(kind, payload):
    [told] = heard(sensor(kind), payload)

    assert isinstance(told, SensorLost)
    assert len(told.why) < 120


def test_topics_of_others_are_passed_over_and_the_wanted_ones_named():
    topics = Topics([sensor("contact"), Sensor(id="wired", kind="contact", gpio=5)])

    assert topics.heard("zigbee2mqtt/other", b"{}", 1) == []
    assert topics.heard("zigbee2mqtt/other/availability", b"offline", 1) == []
    assert topics.wanted() == ["zigbee2mqtt/it", "zigbee2mqtt/it/availability"]


@given(st.one_of(st.binary(max_size=60), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.dictionaries(st.sampled_from(["contact", "value", "state", "x"]), inner, max_size=3),
    max_leaves=5,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_no_message_breaks_anything(payload):
    topics = Topics([sensor("contact"), Sensor(id="t", kind="temperature", topic="zigbee2mqtt/it")])

    for topic in topics.wanted():
        assert all(isinstance(fact, Sensed | SensorLost) for fact in topics.heard(topic, payload, 1))
