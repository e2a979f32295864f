"""Does the board get enough voltage, and does it stay cool? Body reads it every two seconds."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.events import Board
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe

HOT_C = 80.0
"""From here on the firmware slows every Pi down (raspberrypi.com, *Frequency management and thermal control*)."""

LASTS_S = 60
"""An under-voltage lasts for milliseconds, and a temperature trembles: both stay told until they were away so long."""

ABSOLUTE_ZERO_C = -273.0
"""Stands for a temperature that is not known."""

_SUPPLY, _HEAT = "power supply", "temperature"


def look(said: Board) -> Iterator[Finding]:
    """Say what is wrong with the board. What it cannot tell, as most kernels cannot, is no fault."""
    if "under-voltage" in said.flags:
        yield Finding("board.under-voltage")
    if "throttled" in said.flags:
        yield Finding("board.throttled")
    elif said.temperature_c >= HOT_C:
        yield Finding("board.hot", why=_says(said))


def _says(said: Board) -> str:
    return f"the board is at {said.temperature_c:.0f} °C" if said.temperature_c > ABSOLUTE_ZERO_C else ""


def _kind(word: str, what: str, means: str, do: str) -> FaultKind:
    return FaultKind(
        id=f"board.{word}", level=Level.WARNING, blink=Blink.POWER, what=what, means=means, do=do, settling_s=LASTS_S
    )


PROBE = Probe(
    name="board",
    evidence=Board,
    look=look,
    says=_says,
    lasts_s=60,
    faults=(
        _kind(
            "under-voltage", _SUPPLY, "The board's supply gives too little voltage. This damages cards.",
            "Use the supply made for the board, and a short cable.",
        ),
        _kind("throttled", _HEAT, "The board slows itself down to stay cool.", "Give it air."),
        _kind(
            "hot", _HEAT, f"The board is hotter than {HOT_C:.0f} °C: from there on it slows itself down.",
            "Give it air.",
        ),
        unknown(
            "board", Blink.POWER, _SUPPLY, "Whether the board has enough voltage and stays cool is not told any more.",
            "Look at the faults of `body`; restart the box.",
        ),
    ),
)  # fmt: skip
