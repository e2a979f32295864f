"""Every question that is asked of the box; a part that may fail adds its own here."""

from __future__ import annotations

from vigil.guard.faults import FaultKind
from vigil.guard.probe import AnyProbe
from vigil.guard.probes import (
    board,
    camera,
    card,
    clock,
    configuration,
    disk,
    journal,
    keys,
    network,
    part,
    power,
    process,
    update,
    wear,
)

PROBES: tuple[AnyProbe, ...] = (
    camera.PROBE,
    disk.PROBE,
    card.PROBE,
    wear.PROBE,
    clock.PROBE,
    power.PROBE,
    board.PROBE,
    network.PROBE,
    part.PROBE,
    keys.PROBE,
    configuration.PROBE,
    update.PROBE,
    journal.PROBE,
    process.PROBE,
)

FAULTS: dict[str, FaultKind] = {kind.id: kind for probe in PROBES for kind in probe.faults}
"""Every kind of fault there is, by id; docs/ref/faults.md says them to owners."""
