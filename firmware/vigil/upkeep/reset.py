"""
Starting over: how an owner asks the box to forget its settings or everything, and what is forgotten then.

It is asked for in a file on the card's first partition, or by a command. What
is here decides; `processes/reset.py` does. docs/design/reset.md has the order.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch

from vigil.errors import FormatError
from vigil.upkeep.setup_file import TAKEN, digest, has_secrets

FILE = "reset.txt"
"""On p1: the one word of a tier."""

NOTE = "reset.json"
"""On p7: settings are to be forgotten, and are not yet."""

_CROSS = b"*"
_MOST_BYTES = 4096


class Tier(StrEnum):
    """How much is forgotten."""

    SETTINGS = "settings"
    EVERYTHING = "everything"


def asked(content: bytes) -> Tier | None:
    """
    Return what a file on p1 asks for; None where it is empty or crossed out.

    Raises `FormatError` for any other words: nobody may lose recordings by a guess.
    """
    # Editors on PCs begin a text with a mark of its coding.
    words = content.removeprefix(b"\xef\xbb\xbf").strip().lower()
    # Crossed out in part is what a cut leaves: it was taken up.
    if not words or _CROSS in words:
        return None
    for tier in Tier:
        if words == tier.encode():
            return tier
    shown = words[:30].decode(errors="replace")
    raise FormatError(f"{FILE} says {shown!r}: write `settings` or `everything`, and nothing else")


def crossed_out(content: bytes) -> bytes:
    """Return the file as it is once what it asked for is begun: not a byte longer or shorter, so written in place."""
    return _CROSS * len(content)


@dataclass(frozen=True, slots=True)
class Note:
    """Settings are to be forgotten; `by` says how that was asked for: ``command`` or ``card``."""

    by: str

    def encode(self) -> bytes:
        """Return the file."""
        return json.dumps({"tier": Tier.SETTINGS, "by": self.by}).encode() + b"\n"

    @classmethod
    def decode(cls, content: bytes) -> Note:
        """Read the file. Raises `FormatError` for what we would not have written."""
        try:
            said = json.loads(content[:_MOST_BYTES])
            tier, by = said["tier"], said["by"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FormatError(f"{NOTE} is damaged, so no settings were forgotten: ask again") from error
        if tier != Tier.SETTINGS or not isinstance(by, str):
            raise FormatError(f"{NOTE} asks for something that this version does not know: ask again")
        return cls(by)


STAY = (
    "lost+found", "identity", "identity.vkey", "store-id", "journal", "index*", "tellings", "log", "rauc",
    "clock-trust.json", "reboot-budget.json", "arm.json", "card-wear.json", TAKEN, "update", NOTE,
)  # fmt: skip
"""
What of p7 outlasts the forgetting of settings, by name; of all else nothing is asked.

So a file that a later version adds is forgotten unless it is named here: it may well hold a password.
"""

UPDATES_STAY = ("record.json", "revoked.txt", "lock")
"""Of `update`. Keys that the owner added are settings; that a key was revoked is never forgotten."""


def surplus(names: Collection[str], *, of_updates: Collection[str] = ()) -> list[str]:
    """Return what is to go, as paths within the state partition, from the names in it and in its `update`."""
    gone = [name for name in names if not any(fnmatch(name, pattern) for pattern in STAY)]
    return sorted([*gone, *(f"update/{name}" for name in of_updates if name not in UPDATES_STAY)])


def is_used_up(setup: bytes, taken: str | None) -> bool:
    """
    Say whether a set-up file belongs to what is forgotten, rather than to what comes after.

    `taken` is what the box remembers to have taken over, None where it cannot be asked. A password that is not blanked
    yet tells a file that nobody has taken over.
    """
    if has_secrets(setup):
        return False
    if taken is not None:
        return digest(setup) == taken
    return b"**" in setup


_VOID = b"schema=1 # Forgotten with everything else. Write a new set-up file (docs/guide/flash.md). "


def voided(setup: bytes) -> bytes:
    """Return a set-up file that sets nothing any more, not a byte longer or shorter: one line, and a remark."""
    return _VOID[: len(setup)].ljust(len(setup), b"#")
