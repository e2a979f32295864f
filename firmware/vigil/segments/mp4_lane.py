"""The tables of one track of an exported film, filled sample by sample and written at the end."""

from __future__ import annotations

import struct
import sys
from array import array

from vigil.errors import FormatError
from vigil.segments.mp4_boxes import full_box

_LARGEST = (1 << 32) - 1


class Lane:
    """
    One track in the making: about twelve bytes of memory a sample.

    Times count in `timescale` and begin at 0 with the first sample's dts. A
    sample lasts until the next one begins, so a gap is filled by the sample
    before it.
    """

    def __init__(self, timescale: int) -> None:
        self.timescale = timescale
        self.entries: list[bytes] = []
        self.count = 0
        self.last_dts = 0
        self.end_dts = 0
        self.end_pts = 0
        self.first_pts = 0
        self._entry = 0
        self._sizes = array("I")
        self._durations = _Runs()
        self._shifts = _Runs()
        self._lowest_shift = 0
        self._keys = array("I")
        self._chunks = array("Q")
        self._chunk_counts = array("I")
        self._chunk_entries = array("I")

    def use(self, entry: bytes) -> None:
        """Let the samples that follow have this sample entry."""
        if entry not in self.entries:
            self.entries.append(entry)
        self._entry = 1 + self.entries.index(entry)

    def chunk(self, offset: int) -> None:
        """Begin a chunk at `offset` in the file: its samples lie there one behind the other."""
        self._chunks.append(offset)
        self._chunk_counts.append(0)
        self._chunk_entries.append(self._entry)

    def add(self, *, size: int, dts: int, pts: int, duration: int, key: bool) -> None:
        """Add a sample to the chunk. That its dts lies before the last one's is a `FormatError`."""
        if self.count:
            self._durations.add(_duration(dts - self.last_dts))
        else:
            self.first_pts = pts
        self.count += 1
        self.last_dts, self.end_dts = dts, dts + duration
        self.end_pts = max(self.end_pts, pts + duration)
        self.first_pts = min(self.first_pts, pts)
        self._sizes.append(size)
        self._shifts.add(_shift(pts - dts))
        self._lowest_shift = min(self._lowest_shift, pts - dts)
        self._chunk_counts[-1] += 1
        if key:
            self._keys.append(self.count)

    @property
    def start(self) -> int:
        """The media time at which the earliest sample plays: composition offsets are written without a sign."""
        return self.first_pts - self._lowest_shift

    def tables(self, *, every_is_key: bool) -> bytes:
        """Return the boxes of `stbl` behind `stsd`. Call once, after the last sample."""
        self._durations.add(_duration(self.end_dts - self.last_dts))
        parts = [self._durations.box(b"stts")]
        if not self._shifts.are_all(0):
            parts.append(self._shifts.box(b"ctts", less=self._lowest_shift))
        if not every_is_key:
            parts.append(full_box(b"stss", 0, 0, struct.pack(">I", len(self._keys)), _swapped(self._keys)))
        parts += [self._stsc(), full_box(b"stsz", 0, 0, struct.pack(">II", 0, self.count), _swapped(self._sizes))]
        offsets, kind = self._chunks, b"co64"
        if self._chunks[-1] <= _LARGEST:
            offsets, kind = array("I", self._chunks), b"stco"
        parts.append(full_box(kind, 0, 0, struct.pack(">I", len(offsets)), _swapped(offsets)))
        return b"".join(parts)

    def _stsc(self) -> bytes:
        rows = array("I")
        last = None
        for number, row in enumerate(zip(self._chunk_counts, self._chunk_entries, strict=True), start=1):
            if row != last:
                rows.extend((number, *row))
                last = row
        return full_box(b"stsc", 0, 0, struct.pack(">I", len(rows) // 3), _swapped(rows))


class _Runs:
    """Equal values in a row, counted: (count, value), (count, value), …"""

    def __init__(self) -> None:
        self._cells = array("q")

    def add(self, value: int) -> None:
        cells = self._cells
        if cells and cells[-1] == value:
            cells[-2] += 1
        else:
            cells.extend((1, value))

    def are_all(self, value: int) -> bool:
        return len(self._cells) == 2 and self._cells[1] == value

    def box(self, kind: bytes, *, less: int = 0) -> bytes:
        """Return the table, each value made smaller by `less`."""
        cells = array("I", self._cells[::2])
        written = array("I", bytes(8 * len(cells)))
        written[::2] = cells
        written[1::2] = array("I", (value - less for value in self._cells[1::2]))
        return full_box(kind, 0, 0, struct.pack(">I", len(cells)), _swapped(written))


def _duration(ticks: int) -> int:
    if not 0 <= ticks <= _LARGEST:
        raise FormatError(f"a sample would last {ticks} ticks, which MP4 cannot say")
    return ticks


def _shift(ticks: int) -> int:
    # Half the room each way: the lowest one is taken from all of them in the end.
    if abs(ticks) > _LARGEST >> 2:
        raise FormatError(f"a picture would be shown {ticks} ticks after it is decoded, which MP4 cannot say")
    return ticks


def _swapped(values: array[int]) -> bytes:
    """Return the bytes of an array with the high byte first, on any machine."""
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
