"""Does the card go bad? The kernel says so, and upkeep passes it on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """What the kernel has against the card, in a sentence; empty where it has nothing."""

    complaint: str = ""


def look(seen: CardSeen) -> Iterator[Finding]:
    """Say what is wrong with the card."""
    if seen.complaint:
        yield Finding("card.failing", why=seen.complaint)


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(id=f"card.{word}", level=level, blink=Blink.STORAGE, what="card", means=means, do=do, settling_s=0)


PROBE = Probe(
    name="card",
    evidence=CardSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "failing", Level.FAILED,
            "The card refuses sectors, gives back other bytes than were written, or its files are in disorder.",
            "Copy what matters from it, and replace it.",
        ),
        unknown(
            "card", Blink.STORAGE, "card",
            "How the card is cannot be told.", "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
