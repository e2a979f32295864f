"""May the time be believed? Everything that is stated bears a time, and days decide what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.clock.trust import Trust
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSeen:
    """How far the time may be believed; `was_synced` since the box started; `complaint` waits for a person."""

    trust: Trust
    was_synced: bool = False
    complaint: str = ""


def look(seen: ClockSeen) -> Iterator[Finding]:
    """Say what is wrong with the clock."""
    if seen.complaint:
        yield Finding("clock.jumped", why=seen.complaint)
    if seen.trust is Trust.UNSYNCED:
        yield Finding("clock.lost" if seen.was_synced else "clock.unsynced")
    elif seen.trust is Trust.STEPPED:
        yield Finding("clock.stepped")


def _kind(word: str, level: Level, means: str, do: str, *, settling_s: int = 10) -> FaultKind:
    return FaultKind(
        id=f"clock.{word}", level=level, blink=Blink.CLOCK, what="clock", means=means, do=do,
        settling_s=settling_s,
    )  # fmt: skip


PROBE = Probe(
    name="clock",
    evidence=ClockSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "jumped", Level.WARNING,
            "The clock jumped by more than an hour: nothing is deleted by age until somebody confirms it.",
            "Look at the box's time, set it right if it is wrong, then `vigil confirm-time`.", settling_s=0,
        ),
        _kind(
            "lost", Level.WARNING, "The clock was in step with the world, and is not any more.",
            "Look whether the box reaches the network and its time server.",
        ),
        _kind(
            "unsynced", Level.NOTICE,
            "Nobody has told the box the time since it started: it goes by what it last knew.",
            "Let it reach a network with a time server. Days delete nothing until then.",
        ),
        _kind(
            "stepped", Level.NOTICE, "The clock was set not long ago: times from before and after do not fit together.",
            "Nothing: after an hour in step it is believed again.",
        ),
        unknown(
            "clock", Blink.CLOCK, "clock", "How far the time may be believed cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
