"""Does the box reach a network? Recording needs none, but network cameras, the time and alerts do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSeen:
    """Whether a way out is known (nobody is asked anything over it), and whether one was since guard started."""

    reached: bool
    was_reached: bool = False


def look(seen: NetworkSeen) -> Iterator[Finding]:
    """Say what is wrong with the network."""
    if not seen.reached:
        yield Finding("network.lost" if seen.was_reached else "network.none")


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(id=f"network.{word}", level=level, blink=Blink.NETWORK, what="network", means=means, do=do)


PROBE = Probe(
    name="network",
    evidence=NetworkSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "lost", Level.WARNING, "The box reached a network, and does not any more.",
            "Look at its cable or its Wi-Fi, and at the router.",
        ),
        _kind(
            "none", Level.NOTICE, "The box has reached no network since it started.",
            "Nothing, if it is to stay alone; else look at its cable or its Wi-Fi.",
        ),
        unknown(
            "network", Blink.NETWORK, "network", "Whether a network is reached cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
