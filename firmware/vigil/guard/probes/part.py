"""What other parts of the box say is wrong, in words of their own: the button, sensors, the UPS, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level
from vigil.guard.probe import Probe

_SENSES = ("button", "sensor", "lamp", "buzzer", "siren", "tamper")
_POWER = ("power", "ups", "battery", "mains", "under-voltage")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """A part says that `what` is at fault, in `words` that say what to do; empty words say that it is well."""

    what: str
    words: str


def look(seen: PartSeen) -> Iterator[Finding]:
    """Pass on what the part says; the first word of `what` says where to look."""
    if seen.words:
        first = seen.what.partition(" ")[0].casefold()
        place = "sensor" if first in _SENSES else "power" if first in _POWER else "other"
        yield Finding(f"part.{place}", seen.what, seen.words)


def _kind(word: str, blink: Blink, means: str) -> FaultKind:
    return FaultKind(
        id=f"part.{word}", level=Level.WARNING, blink=blink, what="{}", means=means, do="Read why: it says what to do."
    )


PROBE = Probe(
    name="part",
    evidence=PartSeen,
    look=look,
    subject_of=lambda seen: seen.what,
    # A part says it once when it comes and once when it goes; whether it is still there, `process` says.
    lasts_s=0,
    is_final=lambda _: True,
    faults=(
        _kind("sensor", Blink.SENSOR, "The button, a sensor, a lamp or the siren is not as it should be."),
        _kind("power", Blink.POWER, "The UPS, its battery or the box's own supply is not as it should be."),
        _kind("other", Blink.SYSTEM, "Another part of the box is not as it should be."),
    ),
)  # fmt: skip
