"""Are all the processes there that this box should have?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe

PATIENCE_S = 30
"""A process that ended is started again within seconds; a slow board takes some more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSeen:
    """Whether a process, by its name on the hub, is connected; if not, for how many seconds."""

    name: str
    away_s: float = 0


def look(seen: ProcessSeen) -> Iterator[Finding]:
    """Say whether a process has been away for too long."""
    if seen.away_s >= PATIENCE_S:
        yield Finding("process.away", seen.name)


PROBE = Probe(
    name="process",
    evidence=ProcessSeen,
    look=look,
    subject_of=lambda seen: seen.name,
    lasts_s=60,
    faults=(
        FaultKind(
            id="process.away", level=Level.FAILED, blink=Blink.OTHER, what="process {}",
            means="One of the box's processes does not run. Without its recorder a camera is not recorded.",
            do="It is started again by itself. If it stays away, read its log and restart the box.",
        ),
        unknown(
            "process", Blink.OTHER, "process {}", "Whether a process runs cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
