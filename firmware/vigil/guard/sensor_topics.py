"""
What radio sensors say, by their MQTT topics: Zigbee2MQTT and Z-Wave JS UI.

Zigbee2MQTT sends one JSON object for a device (zigbee2mqtt.io, *MQTT topics
and messages*), and `TOPIC/availability`. Z-Wave JS UI sends one value for a
topic, bare, as ``{"time": …, "value": …}`` or as a whole value id
(zwave-js.github.io/zwave-js-ui, *Gateway*); the numbers of its notifications
are those of the Z-Wave Notification Command Class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite

from vigil.config.model_sensor import Sensor, SensorKind
from vigil.guard.facts import Fact, Sensed, SensorLost

LONGEST_BYTES = 65_536

_KEYS: dict[SensorKind, tuple[str, ...]] = {
    "contact": ("contact",),
    "motion": ("occupancy", "presence", "motion"),
    "tamper": ("tamper",),
    "smoke": ("smoke",),
    "water": ("water_leak",),
    "temperature": ("temperature", "local_temperature", "device_temperature"),
}
"""What Zigbee2MQTT calls the thing that each kind tells."""

_NUMBERS: dict[SensorKind, tuple[frozenset[int], frozenset[int]]] = {
    "contact": (frozenset({22}), frozenset({0, 23})),
    "motion": (frozenset({7, 8}), frozenset({0})),
    "tamper": (frozenset({3}), frozenset({0})),
    "smoke": (frozenset({1, 2}), frozenset({0})),
    "water": (frozenset({1, 2}), frozenset({0})),
}
"""Notifications of Z-Wave: those that are active, and those at rest."""

_AVAILABILITY = "/availability"


class Topics:
    """The radio sensors of the box. It remembers what each said last: a message about its battery changes nothing."""

    def __init__(self, sensors: Sequence[Sensor]) -> None:
        self._sensors: dict[str, list[Sensor]] = {}
        for sensor in sensors:
            if sensor.topic:
                self._sensors.setdefault(sensor.topic, []).append(sensor)
        self._said: dict[str, Sensed] = {}

    def wanted(self) -> list[str]:
        """Return the topics to listen to, in order."""
        return [topic for one in sorted(self._sensors) for topic in (one, one + _AVAILABILITY)]

    def heard(self, topic: str, payload: bytes, at_us: int) -> list[Fact]:
        """
        Return what a message says of the sensors whose topic it is; `at_us` is now, on the steady clock.

        Nothing is raised, whatever the bytes are: what cannot be read is said of the sensor.
        """
        if topic in self._sensors:
            value, why = _parsed(payload)
            return [fact for one in self._sensors[topic] for fact in self._value(one, value, why, at_us)]
        device = topic.removesuffix(_AVAILABILITY)
        if device != topic and device in self._sensors:
            return [fact for one in self._sensors[device] for fact in self._available(one, payload, at_us)]
        return []

    def _value(self, sensor: Sensor, value: object, why: str, at_us: int) -> list[Fact]:
        if why:
            return [SensorLost(sensor.id, why)]
        found = _of_sensor(sensor, value)
        before = self._said.get(sensor.id)
        if found is None:
            # About its battery, say: it lives, and is as it was.
            return self._again(sensor, at_us)
        measured = _celsius(found) if sensor.kind == "temperature" else None
        if sensor.kind == "temperature":
            active = None if measured is None else sensor.beyond(measured, before=bool(before and before.active))
        else:
            active = _active(sensor, found)
        if active is None:
            return [SensorLost(sensor.id, f"it says {str(found)[:40]!r}, which a {sensor.kind} sensor does not say")]
        words = "" if measured is None else f"{measured:.1f} °C"
        changes = int(before is not None and before.active is not active)
        self._said[sensor.id] = Sensed(sensor.id, active, changes, at_us, words)
        return [self._said[sensor.id]]

    def _available(self, sensor: Sensor, payload: bytes, at_us: int) -> list[Fact]:
        value, _ = _parsed(payload)
        # Older versions send the bare word, which is no JSON.
        state = value.get("state") if isinstance(value, dict) else payload.decode(errors="replace").strip(' "')
        if state == "offline":
            return [SensorLost(sensor.id, "its bridge says that it does not answer")]
        return self._again(sensor, at_us) if state == "online" else []

    def _again(self, sensor: Sensor, at_us: int) -> list[Fact]:
        before = self._said.get(sensor.id)
        return [Sensed(sensor.id, before.active, 0, at_us, before.value)] if before else []


def _parsed(payload: bytes) -> tuple[object, str]:
    """Return the JSON value of a message, and what is wrong with it."""
    if len(payload) > LONGEST_BYTES:
        return None, f"a message of {len(payload)} bytes is none of a sensor"
    try:
        return json.loads(payload), ""
    except (ValueError, RecursionError):
        return None, "its message is not JSON"


def _of_sensor(sensor: Sensor, value: object) -> object | None:
    """Return the part of a message that counts; None where it is not in it."""
    if not isinstance(value, dict):
        return value
    keys = (sensor.key,) if sensor.key else (*_KEYS[sensor.kind], "value")
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _active(sensor: Sensor, value: object) -> bool | None:
    """Return whether a value means that there is something to tell; None where it means nothing here."""
    if isinstance(value, bool):
        # Of a contact Zigbee2MQTT says whether it is closed.
        zigbee = sensor.kind == "contact" and sensor.key in ("", "contact") and not _is_zwave(sensor)
        return value is not zigbee
    if isinstance(value, int):
        active, rest = _NUMBERS[sensor.kind]
        return True if value in active else False if value in rest else None
    return None


def _is_zwave(sensor: Sensor) -> bool:
    """Say whether a topic is one value of Z-Wave JS UI (…/CLASS/ENDPOINT/PROPERTY), by its command class."""
    classes = {"notification", "sensor_binary", "binary_sensor", "113", "48"}
    return bool(classes & set(sensor.topic.lower().split("/")))


def _celsius(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and -100 <= value <= 1000 else None
