"""What doors, rooms and the devices of body say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses(Message):
    """Body: what is wrong with its devices, by what it is; every second. What is not named is well."""

    kind: ClassVar[str] = "senses"
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSaid(Message):
    """
    Body: how a sensor is, at each change and every ten seconds; `changes` since it was said last.

    `value` is what it measures, in words; `fault` why it cannot be read, and then nothing else counts.
    """

    kind: ClassVar[str] = "sensor-said"
    sensor: str
    active: bool = False
    changes: int = 0
    at_us: int = 0
    value: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSaid(Message):
    """Uplink: a message on an MQTT topic that a radio sensor has."""

    kind: ClassVar[str] = "topic-said"
    topic: str
    payload: str
