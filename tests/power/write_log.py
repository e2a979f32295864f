"""
What QEMU's `blklogwrites` driver left: every write and flush of a disk, in the order in which they were completed.

The format is that of the kernel's dm-log-writes, version 1 (Documentation/admin-guide/device-mapper/log-writes.rst): a
sector of super block, then for each entry a sector of head (`u64 sector, sectors, flags, data_len`) and its data.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, DISCARD = 1, 4
_KNOWN_FLAGS = 15
_SUPER = struct.Struct("<QQQI")
_HEAD = struct.Struct("<QQQQ")


class CorruptLog(Exception):
    """The log has a hole: QEMU logged something that it did not write down."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that reached the disk at `at_byte`; they stand in the log from `in_log` on."""

    at_byte: int
    size_bytes: int
    in_log: int


@dataclass(frozen=True, slots=True)
class Window:
    """The writes between two flushes: a cut leaves any part of them, in any order, and all that came before."""

    writes: tuple[Write, ...]


class WriteLog:
    """
    The log of one disk, from its first write on. Window 0 lies before the first flush.

    With `obeyed` it is read as that of a disk that lies: it heeds only one flush in so many.
    """

    def __init__(self, path: Path, *, obeyed: int = 1) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        windows = windows_of(self._data)
        parts = [windows[number : number + obeyed] for number in range(0, len(windows), obeyed)]
        self.windows: Sequence[Window] = [Window(tuple(w for one in part for w in one.writes)) for part in parts]

    def bytes_of(self, write: Write) -> bytes:
        """What was written."""
        return self._data[write.in_log : write.in_log + write.size_bytes]


def windows_of(data: bytes | mmap.mmap) -> list[Window]:
    """
    The writes between the flushes; the last window has no flush behind it.

    The super block counts the entries as they were at some flush; the log may go on behind them. Raises `CorruptLog`.
    """
    magic, version, entries, sector_bytes = _SUPER.unpack_from(data, 0)
    if (magic, version) != (MAGIC, VERSION):
        raise CorruptLog("this is no log of writes: was anything flushed?")
    made: list[Window] = []
    writes: list[Write] = []
    at, count = sector_bytes, 0
    while at + sector_bytes <= len(data):
        sector, sectors, flags, data_len = _HEAD.unpack_from(data, at)
        is_head = not (flags & ~_KNOWN_FLAGS or data_len or any(data[at + _HEAD.size : at + sector_bytes]))
        if not is_head or not (sectors or flags):
            break
        at += sector_bytes
        size_bytes = 0 if flags & DISCARD else sectors * sector_bytes
        if at + size_bytes > len(data):
            break
        if flags & FLUSH:
            made.append(Window(tuple(writes)))
            writes = []
        if size_bytes:
            writes.append(Write(sector * sector_bytes, size_bytes, at))
        at += size_bytes
        count += 1
    if count < entries:
        raise CorruptLog(f"the log breaks off after {count} of {entries} entries, at byte {at}")
    return [*made, Window(tuple(writes))]
