"""From when to when a segment lasted, as far as its sidecar tells: both its ends are read, and nothing in between."""

from __future__ import annotations

from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import LINE_LIMIT_BYTES, Statement, read_line
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath
from vigil.store.sidecar_file import last_statement


def ends_of(disk: Disk, segment: SegmentPath) -> tuple[Statement | None, Statement | None]:
    """Return the first and the last statement of a sidecar, None for one that is not right. Raises `StoreFault`."""
    last = last_statement(disk, segment.seal)
    with disk.read(segment.seal) as file:
        line = file.read_at(0, LINE_LIMIT_BYTES).partition(b"\n")[0]
    try:
        first = read_line(line)
    except SealError:
        return None, last
    return (first if first.type == "opened" else None), last


def times_of(first: Statement | None, last: Statement | None) -> tuple[int, int]:
    """
    Return when a segment began and ended (wall clock, as it says itself); 0 for what it does not say.

    One that is not finished has lasted until its last statement at least.
    """
    opened = first.fields if first else {}
    began_us = opened.get("start_us") if opened.get("kind") == "media" else first.at_us if first else 0
    return began_us or 0, _ended_us(last, began_us or 0)


def lasted(disk: Disk, segment: SegmentPath) -> tuple[int, int] | None:
    """Return when a segment began and ended; None where nobody can tell."""
    try:
        first, last = ends_of(disk, segment)
    except StoreFault:
        return None
    return times_of(first, last) if first and last else None


def _ended_us(last: Statement | None, began_us: int) -> int:
    if last is None:
        return 0
    if last.type == "recovered":
        # A recovery is made later, by a clock that the segment's own says nothing of.
        return last.fields["end_us"] or began_us
    return (last.fields["end_us"] if last.type in ("sealed", "flushed") else 0) or last.at_us
