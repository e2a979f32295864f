"""How the box is: guard's verdict, and what body measures of power, board and network for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


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
