"""How far is the card worn? An estimate, by what was written to it; some cards say it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe

WORN_PCT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class WearSeen:
    """
    What is said of a card: `used_pct` of what it bears, and for how many `days` the rest lasts at the pace so far.

    Unknown is -1. `stated`: the card says so itself; `spare_low`: and that few blocks are left to replace bad ones.
    """

    used_pct: int = -1
    days: int = -1
    stated: bool = False
    spare_low: bool = False


def look(seen: WearSeen) -> Iterator[Finding]:
    """Say whether another card should be at hand."""
    if seen.spare_low:
        yield Finding("wear.spare")
    if seen.used_pct >= WORN_PCT:
        yield Finding("wear.worn", why=_says(seen))


def _says(seen: WearSeen) -> str:
    if seen.used_pct < 0:
        return ""
    who = "the card says that it is" if seen.stated else "by what was written to it, the card is estimated to be"
    left = f", and to last for {seen.days} days more at this pace" if seen.days >= 0 else ""
    return f"{who} worn to {seen.used_pct} %{' or more' if seen.stated else ''}{left}"


def _kind(word: str, means: str, do: str) -> FaultKind:
    return FaultKind(
        id=f"wear.{word}", level=Level.WARNING, blink=Blink.STORAGE, what="card wear", means=means, do=do, settling_s=0
    )


PROBE = Probe(
    name="wear",
    evidence=WearSeen,
    look=look,
    says=_says,
    lasts_s=0,
    # Guard's own part counts what is written, and says it whenever the figures change.
    is_final=lambda _: True,
    faults=(
        _kind(
            "worn", f"The card is worn to {WORN_PCT} % or more of what its maker states, or by its own words.",
            "Have another one ready.",
        ),
        _kind(
            "spare", "The card says that its spare blocks are nearly used up.", "Copy what matters from it, replace it."
        ),
        unknown(
            "wear", Blink.STORAGE, "card wear", "How far the card is worn cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
