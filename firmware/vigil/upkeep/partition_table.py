"""
The card's partition table: what it says, and the sectors that must change for p7 and p8 to be there.

A classic (MBR) table: four entries in sector 0, of which p4 is the extended
one that holds p5 and further in a chain, each link a sector of its own. Every
change here is the writing of whole sectors in an order in which a cut of
power leaves either the old table or the new one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from vigil.errors import FormatError

SECTOR = 512
MIB = 2048
"""Sectors in a mebibyte: partitions begin at multiples of it, each link a mebibyte before its partition."""

EXTENDED = (0x05, 0x0F, 0x85)
_SIGNATURE = b"\x55\xaa"
_ENTRY = struct.Struct("<B3sB3sII")
_NO_CHS = b"\xfe\xff\xff"
_MOST_LINKS = 32

ReadSector = Callable[[int], bytes]


class Stage(IntEnum):
    """How far one of our two data partitions is, kept in its type: the one byte of it that outlasts anything."""

    NEW = 0xDA  # made by us, not yet looked into
    MAKING = 0x7F  # looked into: holds nothing; may be formatted
    READY = 0x83  # holds what is ours: is never formatted again
    FORGET = 0x7E  # its owner wants it gone (docs/design/reset.md): is erased, then new


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition, in sectors. `entry_at` is the sector of its entry, `slot` which of that sector's four it is."""

    number: int
    start: int
    size: int
    type: int
    entry_at: int
    slot: int

    @property
    def end(self) -> int:
        """The first sector behind it."""
        return self.start + self.size


Writes = list[tuple[int, bytes]]
"""Sectors to write, in this order, each to be durable before the next."""


def read_table(read: ReadSector) -> dict[int, Partition]:
    """Return the partitions by number. Raises `FormatError` where sector 0 is no table."""
    table = {
        number: Partition(number, start, size, type_, 0, number - 1)
        for number, (type_, start, size) in enumerate(_entries(read(0), 0), 1)
        if type_ and size
    }
    extended = [partition for partition in table.values() if partition.type in EXTENDED]
    if extended:
        for number, partition in enumerate(_chain(read, extended[0]), 5):
            table[number] = Partition(number, *partition)
    return table


def _chain(read: ReadSector, extended: Partition) -> Iterator[tuple[int, int, int, int, int]]:
    at = extended.start
    for _ in range(_MOST_LINKS):
        try:
            own, link, *_rest = _entries(read(at), at)
        except FormatError:
            # A link into nothing is what a cut leaves of a table being written by others; the chain ends before it.
            return
        if not own[0] or not own[2]:
            return
        yield at + own[1], own[2], own[0], at, 0
        if link[0] not in EXTENDED or not link[2] or extended.start + link[1] <= at:
            return
        at = extended.start + link[1]


def _entries(sector: bytes, at: int) -> list[tuple[int, int, int]]:
    if len(sector) != SECTOR or sector[510:] != _SIGNATURE:
        raise FormatError(f"sector {at} holds no partition table")
    found = [_ENTRY.unpack_from(sector, 446 + 16 * slot) for slot in range(4)]
    return [(type_, start, size) for _, _, type_, _, start, size in found]


def with_data_partitions(read: ReadSector, total: int, state_size: int) -> Writes:
    """
    Return the writes that give a card of `total` sectors its p7 and p8; none where both are there.

    p4 grows to the card's end, p7 takes `state_size` sectors, p8 the rest.
    Raises `FormatError` where the table is not that of one of our cards, or
    the card is too small.
    """
    table = read_table(read)
    if {7, 8} <= table.keys():
        return []
    extended, last = table.get(4), table.get(7, table.get(6))
    if extended is None or extended.type not in EXTENDED or last is None or 5 not in table:
        raise FormatError("this card is not laid out as ours are: p4 must be extended and hold p5 and p6")
    end = total // MIB * MIB
    made: list[tuple[int, int]] = []
    at = last.end
    for size in (state_size, 0) if 7 not in table else (0,):
        start = -(-at // MIB) * MIB + MIB
        at = start + size if size else end
        made.append((start, at - start))
    if made[-1][1] < 64 * MIB:
        raise FormatError(f"the card is too small: {total // MIB} MiB, and nothing is left for recordings")
    grown = (0, _with_entry(read(0), extended.slot, extended.type, extended.start, end - extended.start))
    # The link to the new ones is written last: with it, all of them are there.
    return [grown, *_links(read, extended.start, last, made)]


def _links(read: ReadSector, base: int, last: Partition, made: list[tuple[int, int]]) -> Writes:
    writes: Writes = []
    following: tuple[int, int] | None = None
    for start, size in reversed(made):
        sector = _with_entry(bytes(510) + _SIGNATURE, 0, Stage.NEW, MIB, size)
        writes.append((start - MIB, _linked(sector, base, following)))
        following = (start - MIB, size + MIB)
    writes.append((last.entry_at, _linked(read(last.entry_at), base, following)))
    return writes


def _linked(sector: bytes, base: int, following: tuple[int, int] | None) -> bytes:
    return _with_entry(sector, 1, EXTENDED[0], following[0] - base, following[1]) if following else sector


def with_stage(read: ReadSector, number: int, stage: Stage) -> Writes:
    """Return the one write that puts partition `number` at `stage`. Raises `FormatError` where there is none."""
    table = read_table(read)
    if number not in table:
        raise FormatError(f"there is no p{number}")
    one = table[number]
    sector = read(one.entry_at)
    at = 446 + 16 * one.slot + 4
    return [(one.entry_at, sector[:at] + bytes([stage]) + sector[at + 1 :])]


def _with_entry(sector: bytes, slot: int, type_: int, start: int, size: int) -> bytes:
    changed = bytearray(sector)
    _ENTRY.pack_into(changed, 446 + 16 * slot, sector[446 + 16 * slot], _NO_CHS, type_, _NO_CHS, start, size)
    return bytes(changed)


def state_sectors(total: int) -> int:
    """Return how large p7 is made on a card of `total` sectors: 2 GiB, or 256 MiB where the card has less than 8 GB."""
    return 2048 * MIB if total >= 7_000 * MIB else 256 * MIB
