"""
Accounting for segments that are not here: deleted on purpose and said so, or taken away.

A deletion is stated in the camera's newest sidecar before anything goes. That
sidecar is itself deleted some day, and its statements with it; so what is
older than a deleted segment may lack a statement without anybody having lied.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vigil.segments.verify_account import Deleted
from vigil.segments.verify_chain import Hole


class Absence(enum.StrEnum):
    """Why segments are not here."""

    DELETED = "deleted"
    """Deleted on purpose: a signed statement says so."""
    NOT_PROVED = "not proved"
    """The statement that would say so may have been deleted itself, and no journal tells."""
    MISSING = "missing"
    """Nobody says that they were deleted."""
    CONTRADICTED = "broken"
    """The statement speaks of another segment than the one that stood here."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Segments `first` to `last` of one camera are not here."""

    first: int
    last: int
    absence: Absence
    why: str

    @property
    def failure(self) -> bool:
        """Whether somebody has something to explain."""
        return self.absence in (Absence.MISSING, Absence.CONTRADICTED)


def account_for(
    holes: Sequence[Hole],
    deletions: Mapping[int, Deleted],
    *,
    journal: Mapping[int, str],
    journal_whole: bool,
    expected: Sequence[int],
) -> Iterator[Absent]:
    """
    Yield what became of every segment in `holes`.

    `journal` gives the reason for each deleted segment that the journal knows;
    `journal_whole` says that it would know of every one; `expected` are those
    (ascending) that it knows, and of no deletion.
    """
    known = sorted(deletions.keys() | journal.keys())
    newest_deleted = known[-1] if known else 0
    for hole in holes:
        inside = known[bisect_left(known, hole.first) : bisect_right(known, hole.last)]
        at = hole.first
        # The run behind the hole's end closes the last stretch that nobody explains.
        for first, last in [*runs(inside), (hole.last + 1, hole.last)]:
            if at < first:
                in_journal = journal_whole or bisect_left(expected, at) < bisect_left(expected, first)
                yield _unexplained(at, first - 1, newest_deleted, in_journal=in_journal)
            if first <= last:
                yield from _explained(first, last, hole, deletions, journal)
            at = last + 1


def _explained(
    first: int, last: int, hole: Hole, deletions: Mapping[int, Deleted], journal: Mapping[int, str]
) -> Iterator[Absent]:
    said = deletions.get(last)
    why = f"deleted on purpose: {said.why if said else journal[last]}"
    # An empty `last` says that the line could not be read any more when the segment was deleted.
    if said and said.last and last == hole.last and hole.prev not in (None, said.last):
        if first < last:
            yield Absent(first, last - 1, Absence.DELETED, why)
        yield Absent(
            last, last, Absence.CONTRADICTED,
            f"a statement says it was deleted, but it names another last line than segment {last + 1} does",
        )  # fmt: skip
    else:
        yield Absent(first, last, Absence.DELETED, why)


def _unexplained(first: int, last: int, newest_deleted: int, *, in_journal: bool) -> Absent:
    if in_journal:
        return Absent(first, last, Absence.MISSING, "neither a statement nor the journal says that it was deleted")
    if last < newest_deleted:
        return Absent(
            first, last, Absence.NOT_PROVED,
            "older than what was deleted on purpose; their statements may have gone with it, and no journal tells",
        )  # fmt: skip
    return Absent(first, last, Absence.MISSING, "no statement says that it was deleted")


def runs(seqs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of consecutive numbers in `seqs` (ascending)."""
    start = 0
    for at, seq in enumerate(seqs):
        if at == 0 or seqs[at - 1] != seq - 1:
            start = seq
        if at + 1 == len(seqs) or seqs[at + 1] != seq + 1:
            yield start, seq
