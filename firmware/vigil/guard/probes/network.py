"""Does the box reach a network? Recording needs none, but network cameras, the time and alerts do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSeen:
    """
    Whether a way out is known (nobody is asked anything over it), and whether one was since the box started.

    `connected` and `apart` are the network devices with and without a link.
    """

    reached: bool
    was_reached: bool = False
    connected: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


def look(seen: NetworkSeen) -> Iterator[Finding]:
    """Say what is wrong with the network."""
    if not seen.reached:
        yield Finding("network.lost" if seen.was_reached else "network.none", why=_why(seen))


def _why(seen: NetworkSeen) -> str:
    if seen.connected:
        return f"{' and '.join(seen.connected)}: connected, but nothing there says how to reach anything beyond"
    if seen.apart:
        return f"{' and '.join(seen.apart)}: not connected to anything that is switched on"
    return "the box has no network device"


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(id=f"network.{word}", level=level, blink=Blink.NETWORK, what="network", means=means, do=do)


PROBE = Probe(
    name="network",
    evidence=NetworkSeen,
    look=look,
    says=lambda seen: f"reached by {' and '.join(seen.connected)}" if seen.connected else "",
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
            "network", Blink.NETWORK, "network", "Whether a network is reached is not told any more.",
            "Look at the faults of `body`; restart the box.",
        ),
    ),
)  # fmt: skip
