"""Can what is signed be tied to this box? The signer vouches for the key that guard signs the journal with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSeen:
    """Whether guard's session is certified, and why the signer did not when it was last asked."""

    certified: bool
    refusal: str = ""


def look(seen: KeysSeen) -> Iterator[Finding]:
    """Say what is wrong with the keys."""
    if not seen.certified and seen.refusal:
        yield Finding("keys.signer", why=seen.refusal)
    elif not seen.certified:
        yield Finding("keys.uncertified")


def _kind(word: str, level: Level, means: str, do: str, *, what: str = "signer") -> FaultKind:
    return FaultKind(id=f"keys.{word}", level=level, blink=Blink.RECORDS, what=what, means=means, do=do)


PROBE = Probe(
    name="keys",
    evidence=KeysSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "signer", Level.WARNING,
            "The signer is away or refuses: what is signed now is vouched for only when it is back.",
            "Wait for half a minute: it is started again by itself. If it stays so, read its log and restart the box.",
        ),
        _kind(
            "uncertified", Level.NOTICE, "The signer has not been asked yet to vouch for this session.",
            "Wait a moment.", what="keys",
        ),
        unknown(
            "keys", Blink.RECORDS, "keys", "Whether what is signed is vouched for cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
