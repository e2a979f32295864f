"""Is everything that happens entered in the journal, and is the journal whole?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSeen:
    """
    The journal, in sentences; empty where there is nothing to say.

    `closed`: why it is not written; `lost`: what was lost lately, so that a
    new log had to begin; `unreadable`: statements that cannot be entered.
    `open` is whether it is being written.
    """

    open: bool
    closed: str = ""
    lost: str = ""
    unreadable: str = ""


def look(seen: JournalSeen) -> Iterator[Finding]:
    """Say what is wrong with the journal."""
    if seen.closed:
        yield Finding("journal.closed", why=seen.closed)
    elif not seen.open:
        yield Finding("journal.waiting")
    if seen.lost:
        yield Finding("journal.lost", why=seen.lost)
    if seen.unreadable:
        yield Finding("journal.unreadable", why=seen.unreadable)


def _kind(
    word: str, level: Level, means: str, do: str, *, what: str = "journal", blink: Blink = Blink.RECORDS
) -> FaultKind:
    return FaultKind(id=f"journal.{word}", level=level, blink=blink, what=what, means=means, do=do)


PROBE = Probe(
    name="journal",
    evidence=JournalSeen,
    look=look,
    lasts_s=60,
    faults=(
        _kind(
            "closed", Level.FAILED, "Nothing can be entered. Recordings go on, and what they state is entered later.",
            "Read why: most often the card refuses, or its state partition is full.",
        ),
        _kind(
            "waiting", Level.WARNING, "The journal is not opened: the box does not know its own identity.",
            "Wait for half a minute. If it stays so, the signer has never answered: read its log.",
        ),
        _kind(
            "lost", Level.WARNING,
            "Entries of the journal were lost, and a new log was begun that says so. Told for a week.",
            "`vigil verify` with a checkpoint that somebody else holds says what is missing. Look at the card.",
            what="journal's past",
        ),
        _kind(
            "unreadable", Level.WARNING,
            "Statements beside the recordings cannot be entered: they are damaged or forged.",
            "`vigil verify` names them; look at the disk.",
            what="statements", blink=Blink.STORAGE,
        ),
        unknown(
            "journal", Blink.RECORDS, "journal", "Whether the journal is written cannot be told.",
            "Restart the box; then read the log of guard.",
        ),
    ),
)  # fmt: skip
