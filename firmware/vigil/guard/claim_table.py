"""What a hold of the button is worth, whoever's the box is: one table, to be read in a breath."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vigil.guard.ownership import Owned


class Outcome(Enum):
    """What comes of it."""

    OPEN = "open"  # claiming, for ten minutes
    ANNOUNCE = "announce"  # a takeover, to wait for a day
    REFUSE = "refuse"  # and say so in the journal
    NOTHING = "nothing"


class Hold(Enum):
    """How it was asked for."""

    CLAIM = "claim"  # the button was held for ten seconds
    TAKEOVER = "takeover"  # or for much longer, and let go
    COMMAND = "command"  # root asks for what a hold gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """All that decides. `disarmed` only where that is known; `waiting` and `ripe` are of a takeover."""

    owned: Owned
    disarmed: bool
    stick: bool = False
    waiting: bool = False
    ripe: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of a hold, and why it is not more."""

    outcome: Outcome
    why: str = ""


_NOTHING = Verdict(Outcome.NOTHING)
_OPEN = Verdict(Outcome.OPEN)
_ARMED = Verdict(Outcome.REFUSE, "the box is not disarmed: disarm it first, with the PIN or by a command")
_SOMEBODYS = Verdict(Outcome.REFUSE, "the box is claimed already: whoever administers it can let others in")
_STICK = Verdict(Outcome.REFUSE, "a prepared stick is plugged in, so the hold is for an export: pull it out first")
_NOBODYS = Verdict(Outcome.NOTHING, "nobody has claimed this box, so it cannot be taken over: hold for ten seconds")
_WAITS = Verdict(Outcome.NOTHING, "a takeover is announced already")


def verdict(hold: Hold, now: Circumstances) -> Verdict:
    """Return what comes of a hold, as docs/design/claiming.md has it (*Who may do what*)."""
    return {Hold.CLAIM: _of_claim, Hold.TAKEOVER: _of_takeover, Hold.COMMAND: _of_command}[hold](now)


def _of_claim(now: Circumstances) -> Verdict:
    if now.owned is Owned.UNCLAIMED:
        return _OPEN
    if now.stick or (now.owned is not Owned.PREPARED and not now.ripe):
        return _NOTHING
    return _OPEN if now.disarmed else _ARMED


def _of_takeover(now: Circumstances) -> Verdict:
    if now.owned in (Owned.UNCLAIMED, Owned.PREPARED):
        return _NOBODYS
    if not now.disarmed:
        return _ARMED
    if now.stick:
        return _STICK
    return _WAITS if now.waiting else Verdict(Outcome.ANNOUNCE)


def _of_command(now: Circumstances) -> Verdict:
    if now.owned is Owned.UNCLAIMED:
        return _OPEN
    if now.owned is Owned.CLAIMED and not now.ripe:
        return _SOMEBODYS
    return _OPEN if now.disarmed else _ARMED
