"""
Where dm-integrity puts the sectors of the device that it offers: enough to read one without the kernel.

The data of a device with tags inside lie in runs of `interleave` sectors, each behind its run of tags; journal or
bitmap come before the first. Super block and arithmetic are those of the kernel's drivers/md/dm-integrity.c.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SECTOR_BYTES = 512
SUPER_BYTES = 64
_MAGIC = b"integrt\0"
_SUPER = struct.Struct("<8sBBHIQIB")
_SUPER_SECTORS = 8
_JOURNAL_BLOCK_SECTORS = 8
_COMMIT_BYTES = _MAC_BYTES = 8
_HAS_JOURNAL_MAC, _FIXED_PADDING = 1, 8
_TAG_RUN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Layout:
    """All in sectors of 512 bytes: where the first run of tags begins, how long it is, how much data follows each."""

    first: int
    tags: int
    interleave: int
    provided: int

    @property
    def size_bytes(self) -> int:
        """How large the device is that it opens to."""
        return self.provided * SECTOR_BYTES

    def place_of(self, data_byte: int) -> int:
        """Where in the partition a byte lies of the device that it opens to; both are offsets in bytes."""
        run, within = divmod(data_byte, self.interleave * SECTOR_BYTES)
        return (self.first + run * (self.tags + self.interleave) + self.tags) * SECTOR_BYTES + within

    def inside(self, at_byte: int, size_bytes: int) -> Iterator[tuple[int, int, int]]:
        """
        Which of the bytes `at_byte` … of the partition are data.

        Yields (offset within the given bytes, offset in the opened device, length); tags, journal and super block are
        left out.
        """
        run_bytes = (self.tags + self.interleave) * SECTOR_BYTES
        tag_bytes = self.tags * SECTOR_BYTES
        at, end = max(at_byte, self.first * SECTOR_BYTES), at_byte + size_bytes
        while at < end:
            run, within = divmod(at - self.first * SECTOR_BYTES, run_bytes)
            stop = min(end, at - within + run_bytes)
            begin = at - within + max(within, tag_bytes)
            if begin < stop:
                data = run * self.interleave * SECTOR_BYTES + begin - (at - within) - tag_bytes
                length = min(stop - begin, self.size_bytes - data)
                if length > 0:
                    yield begin - at_byte, data, length
            at = stop


def read_layout(super_block: bytes) -> Layout | None:
    """The layout that a super block tells of; None where it is none."""
    if len(super_block) < _SUPER.size:
        return None
    magic, version, interleave, tag_bytes, sections, provided, flags, block = _SUPER.unpack_from(super_block)
    if magic != _MAGIC or not version:
        return None
    if not flags & _FIXED_PADDING:
        raise ValueError("tags padded as kernels before 5.4 padded them are not known here")
    entry_bytes = -(-(8 + 8 * (1 << block) + tag_bytes) // 8) * 8
    space = SECTOR_BYTES - _COMMIT_BYTES - (_MAC_BYTES if flags & _HAS_JOURNAL_MAC else 0)
    entries = space // entry_bytes * _JOURNAL_BLOCK_SECTORS
    section = (entries << block) + _JOURNAL_BLOCK_SECTORS
    run_bytes = tag_bytes << (interleave - block)
    tags = -(-run_bytes // _TAG_RUN_BYTES) * _TAG_RUN_BYTES // SECTOR_BYTES
    return Layout(_SUPER_SECTORS + section * sections, tags, 1 << interleave, provided)
