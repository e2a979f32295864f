"""Who is at home (docs/design/presence.md): what lookout sees, and what guard makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


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
