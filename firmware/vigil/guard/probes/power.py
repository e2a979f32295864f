"""Where does the box's power come from, and for how long? The part of guard that judges the UPS says so."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.guard.facts import PowerChanged
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


def look(said: PowerChanged) -> Iterator[Finding]:
    """Say what is wrong with the power."""
    if said.state != "mains":
        yield Finding(f"power.{said.state}")


def _kind(word: str, level: Level, means: str, do: str) -> FaultKind:
    return FaultKind(id=f"power.{word}", level=level, blink=Blink.POWER, what="power", means=means, do=do)


PROBE = Probe(
    name="power",
    evidence=PowerChanged,
    look=look,
    lasts_s=0,
    # That part says it once for each change, and is itself never silent about not knowing.
    is_final=lambda _: True,
    faults=(
        _kind(
            "battery", Level.WARNING, "By its UPS the mains are away: the box runs on battery.",
            "Look at the fuse and at the plug of the UPS.",
        ),
        _kind(
            "low", Level.WARNING, "By its UPS the mains are away, and the battery is low.",
            "Bring the mains back, or shut down what else hangs on the UPS.",
        ),
        _kind(
            "critical", Level.FAILED,
            "By its UPS the mains are away and the battery is nearly empty: the box seals what it has and shuts down.",
            "Bring the mains back: the box then starts by itself.",
        ),
        unknown(
            "power", Blink.POWER, "power", "The UPS does not answer: whether a power cut would be met is not known.",
            "Look at the cable between UPS and box.",
        ),
    ),
)  # fmt: skip
