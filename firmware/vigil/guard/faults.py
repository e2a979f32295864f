"""What can be wrong with a box: how bad, where to look first, what it means and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(StrEnum):
    """
    How something is, from well to worst.

    What nobody has heard of for a while may be broken just as well, so
    `UNKNOWN` comes right before `FAILED`.
    """

    OK = "ok"
    NOTICE = "notice"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """From 0 for what is well to 4 for what failed."""
        return _RANKS[self]

    @property
    def is_fault(self) -> bool:
        """Whether it is told as a fault: a notice is only worth knowing."""
        return self.rank >= _RANKS[Level.WARNING]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Blink(IntEnum):
    """Where to look first: so many times the fault lamp blinks before it rests (`guard/panel.py`, `FAULT_CLASSES`)."""

    CAMERA = 1
    STORAGE = 2
    POWER = 3
    ALARM = 4
    CLOCK = 5
    RECORDS = 6
    NETWORK = 7
    SETTINGS = 8
    OTHER = 9


SETTLING_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """
    One kind of fault, the same for whatever subject has it.

    `id` is ``probe.word``; `what` names it in journal and log, with the
    subject in place of ``{}``. It counts as over when it has been away for
    `settling_s`: 0 for what a person sets right, and what cannot flap.
    """

    id: str
    level: Level
    blink: Blink
    what: str
    means: str
    do: str
    settling_s: int = SETTLING_S

    @property
    def probe(self) -> str:
        """The probe that finds it."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """A probe found this wrong with its subject; `why` in whole clauses, empty where the kind says it all."""

    id: str
    subject: str = ""
    why: str = ""


def unknown(probe: str, blink: Blink, what: str, means: str, do: str) -> FaultKind:
    """Return the kind of fault that every probe has: nobody says how its subject is."""
    return FaultKind(id=f"{probe}.unknown", level=Level.UNKNOWN, blink=blink, what=what, means=means, do=do)
