"""
The words the parts use to each other, over the hub: typed, small, and checked when they arrive.

One message is one JSON object in one packet. No message that matters exists
only here: whoever misses one reads the files again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil import message
from vigil.claim_events import CancelTakeover, NewPin, OpenClaim, Ownership, TakeClaim

Message = message.Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(Message):
    """Who is speaking: the first message on every connection. `peer` is ``record@gate``, ``run``, ``cli``."""

    kind: ClassVar[str] = "hello"
    peer: str
    version: str = ""


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
class Health(Message):
    """
    How guard, journal and disk are, every second, and the verdict on the box (docs/design/health.md).

    `level` is ``ok``, ``notice``, ``warning``, ``unknown`` or ``failed``, `since_us` (steady clock) since when;
    `blinks` what the fault lamp counts out. `probes` are the readings, the worst first, and `faults` those that
    were told as faults, in a sentence each; where there is no room for all, the last are left out.

    `forecast` says in a sentence when the disk will be full. `fate` is ``unknown``, ``stays`` (never full), ``turns
    over`` (in `full_days`; then the oldest go, and `kept_days` are kept) or ``fills up`` (in `full_days`; then nothing
    may go).
    """

    kind: ClassVar[str] = "health"
    log_id: str
    entries: int
    checkpoint: int
    free_bytes: int
    total_bytes: int
    video_bytes: int
    segments: int
    clock: str
    fate: str = "unknown"
    full_days: float = -1.0
    kept_days: float = -1.0
    forecast: str = ""
    faults: list[str] = field(default_factory=list)
    level: str = "unknown"
    since_us: int = 0
    blinks: int = 0
    probes: list[dict[str, str | int]] = field(default_factory=list)
    arm: str = ""
    arm_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Message):
    """Please send me every `Status` and `Health` from now on."""

    kind: ClassVar[str] = "watch"


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
class LogLevel(Message):
    """Change how much every process writes to its log."""

    kind: ClassVar[str] = "log-level"
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTime(Message):
    """Somebody who can tell says that the box's time is right: deletion by days may go on."""

    kind: ClassVar[str] = "confirm-time"
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ups(Message):
    """
    One look at the UPS. Unknown is -1 or empty.

    `status` are NUT's words (``OL``, ``OB``, ``LB`` …). Where it could not be read, `trouble` is ``silent`` (nobody
    answers), ``refused`` (they do not tell us), ``driver`` (upsd has lost the UPS) or ``garbage``, and `words` say why.
    """

    kind: ClassVar[str] = "ups"
    status: list[str] = field(default_factory=list)
    charge_pct: float = -1.0
    runtime_s: int = -1
    model: str = ""
    trouble: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Message):
    """
    One look at the board. Unknown is -1 or empty; of the temperature -273.

    `flags` are ``under-voltage``, ``frequency-capped``, ``throttled``, ``soft-limit``. Of the card: its number
    (`card`), bytes written since the boot `boot`, and what an eMMC says of itself: life used in steps of ten percent
    (1 to 11) and what is left of the spare blocks (1 normal, 2 warning, 3 urgent).
    """

    kind: ClassVar[str] = "board"
    flags: list[str] = field(default_factory=list)
    temperature_c: float = -273.0
    boot: str = ""
    card: str = ""
    written_bytes: int = -1
    life_used: int = -1
    spare: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Message):
    """
    Body: whether a way out is known, and which network devices are `connected` to something or stand `apart`.

    Guard has no network of its own to look at.
    """

    kind: ClassVar[str] = "network"
    way_out: bool
    connected: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """The answer to a command, of guard or through it of a recorder: was it obeyed, and in words."""

    kind: ClassVar[str] = "answer"
    ok: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetArm(Message):
    """
    Arm the box (`mode` is ``home``, ``night`` or ``away``) or disarm it (``disarmed``).

    Services of the box need a PIN, and say whose it is: `client` as far as they can tell, `route` the way it came by.
    """

    kind: ClassVar[str] = "set-arm"
    mode: str
    pin: str = field(default="", repr=False)
    client: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Message):
    """Body: somebody did this (``short``, ``double``, ``long``, ``hold``, ``very_long``) at `at_us`, steady clock."""

    kind: ClassVar[str] = "pressed"
    button: str
    gesture: str
    at_us: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings(Message):
    """Lookout, every ten seconds and at each arrival: who answered, and how; who did not; why nobody could."""

    kind: ClassVar[str] = "sightings"
    seen: dict[str, str] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    witness: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPresence(Message):
    """Please tell me who is at home: a `MemberKnown` for each, then `PresenceKnown`."""

    kind: ClassVar[str] = "ask-presence"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberKnown(Message):
    """One member: `home`, `away` or `unknown`, since when (UTC, 0: not known); `seen_age_us` ago it answered, or -1."""

    kind: ClassVar[str] = "member-known"
    member: str
    role: str
    state: str
    since_us: int = 0
    seen_age_us: int = -1
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceKnown(Message):
    """Who is at home (``EMPTY`` … ``ALL_HOME``, ``unknown``), and why that is not known."""

    kind: ClassVar[str] = "presence-known"
    state: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugs(Message):
    """Body: all USB devices there are, at each change and every ten seconds, each as JSON (`processes/plugs.py`)."""

    kind: ClassVar[str] = "plugs"
    devices: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting(Message):
    """
    Whoever copies to a stick: how far that is, every second, and how it ended.

    `state` is ``running``, ``complete``, ``full``, ``stopped`` or ``failed`` (`words` say why).
    """

    kind: ClassVar[str] = "exporting"
    state: str
    done_pm: int = 0
    segments: int = 0
    bytes: int = 0
    stick: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display(Message):
    """
    Guard to body, every second and at each change: the pattern of each lamp, and what is to be heard.

    `sound` is ``leaving``, ``entering``, ``siren`` or empty, and ends by itself after `sound_left_us`.
    """

    kind: ClassVar[str] = "display"
    lamps: dict[str, str]
    sound: str = ""
    sound_left_us: int = 0
    brightness_pct: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch(Message):
    """To a simulated panel, from whoever stands before it: do this with its button, as a hand would."""

    kind: ClassVar[str] = "touch"
    gesture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lit(Message):
    """A simulated panel, to whoever looks at it: how bright each lamp is in per cent, and the noises; 0 is off."""

    kind: ClassVar[str] = "lit"
    levels: dict[str, str]


KINDS: dict[str, type[Message]] = {
    one.kind: one
    for one in (
        Hello, Status, Written, Health, Watch, Delete, Checkpoint, Cue, Pause, LogLevel, ConfirmTime, Answer, SetArm,
        Pressed, Senses, SensorSaid, TopicSaid, Display, Touch, Lit, Ups, Board, Network, Sightings, AskPresence,
        MemberKnown, PresenceKnown, Ownership, OpenClaim, TakeClaim, CancelTakeover, NewPin, Plugs, Exporting,
    )
}  # fmt: skip
