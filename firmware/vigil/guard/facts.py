"""What guard is told: each fact says that something has happened, none says what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from vigil.events import Board, Ups

GestureName = Literal["short", "double", "long", "hold", "very_long"]
PowerState = Literal["mains", "battery", "low", "critical", "unknown"]
PresenceState = Literal["EMPTY", "ADULTS_HOME", "KIDS_HOME", "ALL_HOME", "unknown"]


class ArmState(StrEnum):
    """The states of the alarm, by the names that Home Assistant's alarm panels have."""

    DISARMED = "disarmed"
    ARMING = "arming"
    ARMED_HOME = "armed_home"
    ARMED_AWAY = "armed_away"
    ARMED_NIGHT = "armed_night"
    PENDING = "pending"
    TRIGGERED = "triggered"


@dataclass(frozen=True, slots=True)
class Sensed:
    """
    Whoever reads sensor `sensor` says how it is: for `guard/sensors.py`, which judges what is to be made of it.

    `changes` is how often it has changed since it was told last (0: it is
    only said once more), `value` what it measures, in words.
    """

    sensor: str
    active: bool
    changes: int
    at: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class SensorLost:
    """Sensor `sensor` cannot be read, and why."""

    sensor: str
    why: str


@dataclass(frozen=True, slots=True)
class SensorChanged:
    """Sensor `sensor` became active or went back to rest at `at` (steady clock, microseconds)."""

    sensor: str
    active: bool
    at: int


@dataclass(frozen=True, slots=True)
class SensorFaulty:
    """Sensor `sensor` can no longer be relied on, or again."""

    sensor: str
    faulty: bool


@dataclass(frozen=True, slots=True)
class SensorConfirmed:
    """A camera saw what sensor `sensor` tells; or that is over."""

    sensor: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Gesture:
    """Somebody did this with the button of that name."""

    button: str
    gesture: GestureName


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion in front of a camera began (`active`) or ended."""

    camera: str
    active: bool


@dataclass(frozen=True, slots=True)
class CameraSees:
    """A camera can see what is before it, or no longer (away, black, frozen, paused)."""

    camera: str
    sees: bool


@dataclass(frozen=True, slots=True)
class ResumedByHand:
    """Somebody asked for a camera to keep again what it sees."""

    camera: str


@dataclass(frozen=True, slots=True)
class CameraPaused:
    """A recorder says, every second, who has paused its camera; nobody where it keeps what it sees."""

    camera: str
    who: str


@dataclass(frozen=True, slots=True)
class ArmChanged:
    """
    The alarm went from one state to another: who made it, and how (``button``, ``command``, ``rule`` …).

    The first of them, at a start, goes from a state to itself (``resumed``).
    """

    before: ArmState
    after: ArmState
    who: str
    how: str


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """Where the box's power comes from now, and how much of it is left."""

    state: PowerState


@dataclass(frozen=True, slots=True)
class Looked:
    """
    Lookout has looked: who answered, and how (``ping``, ``neighbours``), and who did not although asked in full.

    `witness` says that what stands for the network answered, `trouble` why
    nobody can be asked.
    """

    seen: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    witness: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Who is at home now, or that nobody knows (``unknown``)."""

    state: PresenceState


@dataclass(frozen=True, slots=True)
class Plugged:
    """
    A USB device came (`present`) or went.

    `device` is the name that stays the same (path or serial number), `kind`
    what it is for (``camera``, ``ups``, ``stick``, ``storage``, ``keyboard``,
    ``network``, ``other``), `words` how its maker calls it.
    """

    device: str
    kind: str
    present: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class ClaimAsked:
    """Somebody held the button as one does to claim the box."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOpen:
    """The box can be claimed from now on (`is_open`), or no longer."""

    is_open: bool


@dataclass(frozen=True, slots=True)
class TakeoverAsked:
    """Somebody held the button for so long that it can only be meant: the box is to be taken over."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDevice:
    """
    One USB device as the kernel has it now.

    `name` stays the same (serial number, else socket), `number` is another one
    each time it is plugged in, `kind` what it is for, `let_in` whether drivers
    may have it. `classes` are those of its interfaces, as ``0e0100``.
    """

    name: str
    number: int
    kind: str
    let_in: bool
    vendor: str = ""
    product: str = ""
    serial: str = ""
    port: str = ""
    classes: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class PlugsSeen:
    """All USB devices there are, for `guard/hotplug.py`, which sees what came and went."""

    devices: tuple[UsbDevice, ...]


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """Somebody wants the sealed recordings on the stick that is plugged in."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTold:
    """How far an export is (``running``), or how it ended (``complete``, ``full``, ``stopped``, ``failed``)."""

    state: str
    done_pm: int = 0
    segments: int = 0
    bytes: int = 0
    stick: str = ""
    why: str = ""


Fact = (
    Sensed
    | SensorLost
    | SensorChanged
    | SensorFaulty
    | SensorConfirmed
    | Gesture
    | Motion
    | CameraSees
    | ResumedByHand
    | CameraPaused
    | ArmChanged
    | PowerChanged
    | Looked
    | PresenceChanged
    | Plugged
    | Ups
    | Board
    | ClaimAsked
    | ClaimOpen
    | TakeoverAsked
    | PlugsSeen
    | ExportAsked
    | ExportTold
)
