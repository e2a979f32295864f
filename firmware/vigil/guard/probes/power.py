"""Where does the box's power come from, and for how long? The part of guard that judges the UPS says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from vigil.guard.facts import PowerState
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe

Alarm = Literal["worn", "overloaded", "bypassed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSeen:
    """
    The power as its UPS tells of it.

    `last` is where it came from when that was last known, `words` by what; `unknown` why it is not known now.
    `alarms` are what the owner must see to, whatever the mains do.
    """

    last: PowerState
    words: str = ""
    unknown: str = ""
    alarms: tuple[Alarm, ...] = ()


def look(seen: PowerSeen) -> Iterator[Finding]:
    """Say what is wrong with the power. Mains that were away stay so while nobody can tell."""
    if seen.unknown:
        yield Finding("power.unknown", why=seen.unknown)
    if seen.last not in ("mains", "unknown"):
        yield Finding(f"power.{seen.last}", why=seen.words)
    yield from (Finding(f"power.{alarm}") for alarm in seen.alarms)


def _kind(word: str, level: Level, means: str, do: str, *, what: str = "power") -> FaultKind:
    return FaultKind(id=f"power.{word}", level=level, blink=Blink.POWER, what=what, means=means, do=do)


PROBE = Probe(
    name="power",
    evidence=PowerSeen,
    look=look,
    says=lambda seen: seen.words,
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
        _kind(
            "worn", Level.WARNING, "The battery of the UPS is worn out: it will not last through a power cut.",
            "Replace it; they last three to five years.", what="ups",
        ),
        _kind(
            "overloaded", Level.WARNING, "More hangs on the UPS than it can carry.",
            "Unplug something else from it.", what="ups",
        ),
        _kind(
            "bypassed", Level.WARNING,
            "The UPS passes the mains through, or says that its output is off: the box is not protected.",
            "See the UPS's own display.", what="ups",
        ),
        unknown(
            "power", Blink.POWER, "power", "Whether there are mains, and a power cut would be met, is not known.",
            "Read why: cable, driver, name or password. Lost on battery, the box shuts down when that must be empty.",
        ),
    ),
)  # fmt: skip
