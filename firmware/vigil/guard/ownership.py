"""Whose box it is: what is kept of it, and what follows where that was lost (docs/spec/claim.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_SECOND_US = 1_000_000

RIPE_US = 24 * 3600 * _SECOND_US
"""For so long a takeover is announced before anything comes of it."""

LAPSED_US = 2 * RIPE_US
"""Nobody came to complete it."""

FORMAT = 1


class Owned(StrEnum):
    """Whose the box is, as far as that decides what a press is worth."""

    UNCLAIMED = "unclaimed"
    PREPARED = "prepared"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A takeover that was announced `by` somebody: for how long people could see it, while the box ran."""

    by: str
    at_us: int
    waited_us: int = 0

    @property
    def ripe(self) -> bool:
        """Whether it has waited for long enough."""
        return self.waited_us >= RIPE_US

    @property
    def left_us(self) -> int:
        """How long until it is ripe, or, where it is, until it lapses."""
        return (LAPSED_US if self.ripe else RIPE_US) - self.waited_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """All of it. `owned` is never `PREPARED` here: that is what a configuration makes of `UNCLAIMED`."""

    owned: Owned = Owned.UNCLAIMED
    administrator: str = ""
    recipients: tuple[str, ...] = ()
    how: str = ""
    taken: int = 0
    waiting: Waiting | None = None

    def saved(self) -> dict[str, Any]:
        """Return all of it as plain values, for the file."""
        waiting = self.waiting
        return {
            "format": FORMAT, "owned": str(self.owned), "administrator": self.administrator,
            "recipients": list(self.recipients), "how": self.how, "taken": self.taken,
            "takeover": waiting and {"by": waiting.by, "at_us": waiting.at_us, "waited_us": waiting.waited_us},
        }  # fmt: skip

    @classmethod
    def restored(cls, kept: bytes) -> Ownership:
        """Return what `saved` gave. Raises `ValueError` for anything else."""
        try:
            read = json.loads(kept)
            takeover = read["takeover"]
            waiting = None if takeover is None else Waiting(
                by=_of(takeover, "by", str), at_us=_of(takeover, "at_us", int),
                waited_us=_of(takeover, "waited_us", int),
            )  # fmt: skip
            found = cls(
                owned=Owned(read["owned"]), administrator=_of(read, "administrator", str),
                recipients=tuple(_of({"": one}, "", str) for one in _of(read, "recipients", list)),
                how=_of(read, "how", str), taken=_of(read, "taken", int), waiting=waiting,
            )  # fmt: skip
            sound = _of(read, "format", int) == FORMAT and found.taken >= 0 and (not waiting or waiting.waited_us >= 0)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("no state of ownership") from error
        nobodys = found.taken == 0 and not waiting
        matches = {Owned.CLAIMED: found.taken > 0, Owned.UNCLAIMED: nobodys, Owned.UNKNOWN: True}
        if not sound or not matches.get(found.owned, False):
            raise ValueError("what this says of ownership does not go together")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What is left of earlier.

    `kept` is None where there is no file, empty where the disk has lost it.
    `newest` is the newest of ``claim.taken`` and ``reset.done`` in the
    journal: empty where there was neither, None where nobody can tell (no
    journal, or one that follows a lost one). `of_takeover` is its newest word
    on a takeover, likewise.
    """

    kept: bytes | None
    newest: Mapping[str, Any] | None
    of_takeover: str | None


def resumed(found: Found) -> tuple[Ownership, str]:
    """Return whose the box is after a start, and what must be said about it."""
    if found.kept:
        try:
            return Ownership.restored(found.kept), ""
        except ValueError:
            pass  # told below, as a file that is lost
    newest = found.newest
    if newest is not None and newest.get("kind") == "claim.taken":
        who, taken = str(newest.get("administrator", "")), newest.get("taken")
        words = f"the journal says that {who or 'somebody'} has claimed this box"
        number = taken if isinstance(taken, int) and taken > 0 else 1
        return Ownership(owned=Owned.CLAIMED, administrator=who, taken=number), f"its memory is lost; {words}"
    if newest is not None and found.kept is None:
        return Ownership(), ""
    words = "nobody knows whose this box is, so it is taken for somebody's: see docs/guide/claiming.md"
    return Ownership(owned=Owned.UNKNOWN), f"its memory is lost; {words}"


def goes_on(of_takeover: str | None) -> bool:
    """Say whether a takeover that the file speaks of goes on: only where the journal does not know of its end."""
    return of_takeover in ("takeover.announced", "takeover.ripe")


def _of(values: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = values[name]
    if type(value) is not kind:
        raise TypeError(name)
    return value
