"""Where each sample of an ordinary MP4 file lies and when it plays: the tables of a track, walked row by row."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from vigil.errors import FormatError
from vigil.segments.mp4_boxes import Fields, child, needed
from vigil.segments.mp4_tracks import TrackHead


class Place(NamedTuple):
    """One sample: where it lies, when it plays (ticks of its track from the film's start), and its sample entry."""

    offset: int
    size: int
    dts: int
    pts: int
    entry: int


def places(track: TrackHead) -> Iterator[Place]:
    """
    Yield the samples of a track in the order of decoding (8.6.1 and 8.7).

    Uses no memory but for the tables themselves. Raises `FormatError` when
    they contradict each other. A table of few bytes can speak of many samples,
    but of none without a byte: who reads them meets the end of the file.
    """
    sizes = _sizes(track.stbl)
    times = _runs(needed(track.stbl, b"stts"), signed=False)
    ctts = child(track.stbl, b"ctts")
    # Negative offsets in version 0 are against the standard and in many files.
    shifts = _runs(ctts, signed=True) if ctts is not None else None
    dts = -track.start
    for offset, entry, per_chunk in _chunks(track.stbl):
        at = offset
        for _ in range(per_chunk):
            size = next(sizes, None)
            if size is None:
                return
            shift = _next(shifts, "ctts") if shifts else 0
            yield Place(at, size, dts, dts + shift, entry)
            at += size
            dts += _next(times, "stts")
    if next(sizes, None) is not None:
        raise FormatError("there are more samples than the chunks hold")


def _next(values: Iterator[int], table: str) -> int:
    value = next(values, None)
    if value is None:
        raise FormatError(f"{table} speaks of fewer samples than there are")
    return value


def _sizes(stbl: memoryview) -> Iterator[int]:
    fields = Fields(needed(stbl, b"stsz"))
    fields.head()
    size, count = fields.take(">II")
    if size:
        return (size for _ in range(count))
    return _column(fields.rest(), count, "stsz", ">I")


def _runs(content: memoryview, *, signed: bool) -> Iterator[int]:
    """Yield the values of a table of (count, value), each as often as it counts."""
    fields = Fields(content)
    fields.head()
    count = fields.one(">I")
    rows = _table(fields.rest(), count, "stts or ctts", ">Ii" if signed else ">II")
    return (value for repeat, value in rows for _ in range(repeat))


def _chunks(stbl: memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield offset, number of the sample entry (from 0) and number of samples of each chunk."""
    large = child(stbl, b"co64")
    fields = Fields(large if large is not None else needed(stbl, b"stco"))
    fields.head()
    count = fields.one(">I")
    offsets = _column(fields.rest(), count, "stco or co64", ">Q" if large is not None else ">I")
    fields = Fields(needed(stbl, b"stsc"))
    fields.head()
    rows_count = fields.one(">I")
    rows = list(_table(fields.rest(), rows_count, "stsc", ">III"))
    if rows and rows[0][0] != 1:
        raise FormatError("stsc does not begin with the first chunk")
    for n, (first, per_chunk, entry) in enumerate(rows):
        end = rows[n + 1][0] if n + 1 < len(rows) else count + 1
        for _ in range(first, end):
            offset = next(offsets, None)
            if offset is None:
                raise FormatError("stsc speaks of more chunks than there are")
            yield offset, entry - 1, per_chunk


def _table(data: memoryview, count: int, name: str, layout: str) -> Iterator[tuple[int, ...]]:
    size = count * struct.calcsize(layout)
    if size > len(data):
        raise FormatError(f"{name} is shorter than its {count} rows")
    return struct.iter_unpack(layout, data[:size])


def _column(data: memoryview, count: int, name: str, layout: str) -> Iterator[int]:
    return (row[0] for row in _table(data, count, name, layout))
