"""The reference wiring as docs/guide/wiring.md tells it: read from its table, so that page and tests agree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fakes.repository import ROOT

PAGE = ROOT / "docs" / "guide" / "wiring.md"
ROW = re.compile(
    r"^\| (?P<what>[^|]+?) \| GPIO (?P<gpio>\d+) \| (?P<pin>\d+) \| (?P<rests>\w+) \| `(?P<overlay>[\w-]+)` \|$"
)
RESTS = {"high": "bias-pull-up", "low": "bias-pull-down", "off": "output-low", "on": "output-high"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """One signal: what it is, the number of its line, the pin of the 40-pin header, how it rests, and its overlay."""

    what: str
    gpio: int
    pin: int
    rests: str
    overlay: str


def read_wires() -> tuple[Wire, ...]:
    """Every row of the table."""
    rows = [match for line in PAGE.read_text(encoding="utf-8").splitlines() if (match := ROW.match(line))]
    return tuple(
        Wire(
            what=row["what"],
            gpio=int(row["gpio"]),
            pin=int(row["pin"]),
            rests=RESTS[row["rests"]],
            overlay=row["overlay"],
        )
        for row in rows
    )


WIRES = read_wires()
