"""What guard decides: each deed says what is to be done; `processes/` does it, in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from vigil.guard.facts import Fact
from vigil.guard.moment import Moment

ArmMode = Literal["disarmed", "home", "away", "night"]
CueState = Literal["began", "ended", "pulse"]


@dataclass(frozen=True, slots=True)
class Enter:
    """Put it into the journal. A change is entered before its effect is announced."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Subject `what` is at fault, in `words` that say what to do; empty words clear it."""

    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence for the verdict on the box: `said` is what one of the probes judges (`guard/probes/`)."""

    said: object


@dataclass(frozen=True, slots=True)
class Record:
    """Cue a recording by `camera` (``*``: by each) under this name."""

    camera: str
    name: str
    state: CueState


@dataclass(frozen=True, slots=True)
class Show:
    """Let a lamp show a pattern (`docs/design/guard.md`, *Lamps*)."""

    lamp: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Let buzzer or siren sound a pattern, for `longest_s` seconds at most; 0 silences it."""

    pattern: str
    longest_s: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Notify people."""

    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Arm:
    """Ask for the alarm to be armed or disarmed; whether that is granted, `guard/arming.py` decides."""

    mode: ArmMode
    who: str
    how: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    Somebody or something is where it should not be: `why` says what was noticed.

    With `delayed` whoever comes in has the entry delay to disarm; without it
    the alarm is raised at once. Where nothing is armed it is raised by
    `always` alone (tamper, smoke, a panic button).
    """

    why: str
    delayed: bool = True
    always: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Keep one picture of a camera (``*``: of each)."""

    camera: str


@dataclass(frozen=True, slots=True)
class PowerOff:
    """Shut down in good order; with `kill_power` the UPS then cuts the power, and the box returns with the mains."""

    kill_power: bool


@dataclass(frozen=True, slots=True)
class Export:
    """Let the sealed recordings be copied to the stick that is plugged in: `who` wanted it."""

    who: str


@dataclass(frozen=True, slots=True)
class PauseCamera:
    """Let a camera keep nothing (`paused`), or keep again what it sees: `who` wanted it."""

    camera: str
    paused: bool
    who: str


@dataclass(frozen=True, slots=True)
class Keep:
    """
    Put `state` into ``state/SUBJECT.json``, durably, before what follows is done.

    A disk that refuses is told as a fault; what follows is done all the same.
    """

    subject: str
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Happened:
    """Let every part hear of this fact, which came of a judgement (`ArmChanged`, `PresenceChanged`)."""

    fact: Fact


Deed = (
    Enter
    | Fault
    | Seen
    | Record
    | Show
    | Sound
    | Tell
    | Arm
    | Alarm
    | Snapshot
    | PowerOff
    | Export
    | PauseCamera
    | Keep
    | Happened
)


class Part(Protocol):
    """One subject of guard's judgement: no I/O, no clock of its own, and no other part."""

    @property
    def due_us(self) -> int | None:
        """The steady time at which it wants to be looked at again, if it waits for any."""

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from something that has happened."""

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from time alone: called once a second, and when `due_us` has come."""
