"""The tables of docs/ref/faults.md, made from the probes, so that they cannot tell anything else."""

from __future__ import annotations

from vigil.guard.faults import FaultKind
from vigil.guard.probes import PROBES


def reference_tables() -> dict[str, str]:
    """Return a Markdown table of its faults for each probe, by the probe's name."""
    return {probe.name: _table(probe.faults) for probe in PROBES}


def _table(kinds: tuple[FaultKind, ...]) -> str:
    rows = ["| id | level | blinks | what it means | what to do |", "|---|---|---|---|---|", *map(_row, kinds)]
    return "\n".join(rows) + "\n"


def _row(kind: FaultKind) -> str:
    # A notice is no fault: the lamp does not count it out.
    blinks = f"{kind.blink.value}" if kind.level.is_fault else "–"
    return f"| `{kind.id}` | {kind.level} | {blinks} | {kind.means} | {kind.do} |"
