"""The words between guard and recorders: what is kept, what is to be kept, and what is to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Message):
    """How one camera is, every second, and since when it is so (`since_us`, steady clock). Unknown is -1 or empty."""

    kind: ClassVar[str] = "status"
    camera: str
    state: str
    since_us: int = 0
    mode: str = ""
    fps: float = -1.0
    bit_rate: int = -1
    pre_roll_s: float = -1.0
    durable_age_s: float = -1.0
    motion: bool = False
    motion_area_pm: int = -1
    segment: int = 0
    segment_bytes: int = 0
    waiting_bytes: int = 0
    pictures: int = 0
    picture_check: str = "not checked"
    clock: str = ""
    fault: str = ""
    paused_by: str = ""
    source: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Message):
    """A sidecar in `store` has a new statement worth reading; up to `line` of sidecar `segment` all is durable."""

    kind: ClassVar[str] = "written"
    camera: str
    store: str
    segment: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Message):
    """Guard decided: delete this segment (the recorder states it, then does it), with `star_too` though it has one."""

    kind: ClassVar[str] = "delete"
    camera: str
    segment: int
    why: str
    star_too: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint(Message):
    """The newest checkpoint; recorders name it in the next segment."""

    kind: ClassVar[str] = "checkpoint"
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue(Message):
    """Something asks for a recording: `state` is ``began``, ``ended`` or ``pulse``."""

    kind: ClassVar[str] = "cue"
    camera: str
    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Message):
    """The owner's privacy: stop (`paused`) or go on recording this camera."""

    kind: ClassVar[str] = "pause"
    camera: str
    paused: bool
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTime(Message):
    """Somebody who can tell says that the box's time is right: deletion by days may go on."""

    kind: ClassVar[str] = "confirm-time"
    who: str
