"""What other parts of the box say is wrong, in words of their own: the button, sensors, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.panel import fault_class
from vigil.guard.probe import Probe

_WORDS = {
    Blink.CAMERA: ("camera", "Something about a camera"),
    Blink.STORAGE: ("storage", "Something about the disk or the card"),
    Blink.POWER: ("power", "How the box is switched off"),
    Blink.ALARM: ("alarm", "The button, a sensor, a lamp, a rule or the alarm's memory"),
    Blink.CLOCK: ("clock", "Something about the clock"),
    Blink.RECORDS: ("records", "Something about journal, keys or the box's owner"),
    Blink.NETWORK: ("network", "Something about the network, or whom the box reports to"),
    Blink.SETTINGS: ("settings", "Something in the settings, or about who is at home"),
    Blink.OTHER: ("other", "Another part of the box"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """A part says that `what` is at fault, in `words` that say what to do; empty words say that it is well."""

    what: str
    words: str


def look(seen: PartSeen) -> Iterator[Finding]:
    """Pass on what the part says; what is at fault says where to look."""
    if seen.words:
        word, _ = _WORDS[Blink(fault_class(seen.what))]
        yield Finding(f"part.{word}", seen.what, seen.words)


def _kind(blink: Blink, word: str, means: str) -> FaultKind:
    return FaultKind(
        id=f"part.{word}", level=Level.WARNING, blink=blink, what="{}", means=f"{means} is not as it should be.",
        do="Read why: it says what to do.",
    )  # fmt: skip


PROBE = Probe(
    name="part",
    evidence=PartSeen,
    look=look,
    subject_of=lambda seen: seen.what,
    # A part says it once when it comes and once when it goes.
    lasts_s=0,
    is_final=lambda _: True,
    faults=(
        *(_kind(blink, word, means) for blink, (word, means) in _WORDS.items()),
        unknown("part", Blink.OTHER, "{}", "What a part says cannot be understood.", "Read the log of guard."),
    ),
)
