"""
The beginning of a file system of ours: whether it is whole, and what to write where a part of it was lost.

It begins with its superblock and the descriptors of its groups, and without
either nothing in it is found. Copies lie in some of the groups, as they were on
the day on which it was made; what has changed since is found by the check that
must follow (docs/design/upkeep.md, *A lost beginning*).

Layout: Linux, Documentation/filesystems/ext4 (super, group_descr, blockgroup); all numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK_BYTES = 4096
GROUP_BLOCKS = 8 * BLOCK_BYTES
"""One block of bits says which blocks of a group are in use."""

ReadBlock = Callable[[int], bytes | None]
"""Gives a block of `BLOCK_BYTES` by its number; None where it cannot be read."""

Writes = list[tuple[int, bytes]]
"""Blocks to write whole, in this order, each to be durable before the next."""

_SUPER_AT, _SUPER_BYTES = 1024, 1024
_MAGIC = 0xEF53
_STATE_AT, _GROUP_AT, _COMPAT_AT, _INCOMPAT_AT, _RO_COMPAT_AT = 0x3A, 0x5A, 0x5C, 0x60, 0x64
_SUPER_SUM_AT = 0x3FC
_VALID = 1
_HAS_ORPHAN_FILE = 0x1000
_NEEDS_RECOVERY, _META_BG, _64BIT, _CSUM_SEED = 0x4, 0x10, 0x80, 0x2000
_SPARSE_SUPER, _METADATA_CSUM, _ORPHAN_PRESENT = 0x1, 0x400, 0x10000

_DESCRIPTOR_BYTES = 64
_DESCRIPTOR_SUM_AT = 0x1E

_ROOT, _JOURNAL = 2, 8
_KIND, _DIRECTORY, _FILE = 0xF000, 0x4000, 0x8000


@dataclass(frozen=True, slots=True)
class Superblock:
    """A sound superblock: its bytes, and what they say. `group` is the one in which it was written."""

    data: bytes
    group: int
    label: str
    identity: bytes
    blocks: int
    inode_bytes: int
    seed: int

    @property
    def descriptor_blocks(self) -> int:
        """How many blocks the descriptors of all groups take."""
        return -(-self._groups * _DESCRIPTOR_BYTES // BLOCK_BYTES)

    def vouches(self, number: int, block: bytes) -> bool:
        """Say whether every descriptor in this block, the `number`th of them, has the checksum that it should have."""
        sum_at = _DESCRIPTOR_SUM_AT
        for at in self._descriptors_in(number):
            one = block[at % BLOCK_BYTES : at % BLOCK_BYTES + _DESCRIPTOR_BYTES]
            group = struct.pack("<I", at // _DESCRIPTOR_BYTES)
            found = crc32c(one[:sum_at] + bytes(2) + one[sum_at + 2 :], crc32c(group, self.seed))
            if found & 0xFFFF != _number("<H", one, sum_at):
                return False
        return True

    def disbelieved(self, number: int, block: bytes) -> bytes:
        """Return the `number`th block of descriptors with checksums that do not fit: a check then counts by itself."""
        changed = bytearray(block)
        for at in self._descriptors_in(number):
            sum_at = at % BLOCK_BYTES + _DESCRIPTOR_SUM_AT
            changed[sum_at : sum_at + 2] = bytes(byte ^ 0xFF for byte in changed[sum_at : sum_at + 2])
        return bytes(changed)

    def as_first(self) -> bytes:
        """Return block 0 with this superblock, of a file system that was not closed and must be looked through."""
        data = bytearray(self.data)
        _change(data, "<H", _GROUP_AT, clear=0xFFFF)
        _change(data, "<H", _STATE_AT, clear=_VALID)
        _change(data, "<I", _INCOMPAT_AT, add=_NEEDS_RECOVERY)
        if _number("<I", data, _COMPAT_AT) & _HAS_ORPHAN_FILE:
            _change(data, "<I", _RO_COMPAT_AT, add=_ORPHAN_PRESENT)
        struct.pack_into("<I", data, _SUPER_SUM_AT, crc32c(data[:_SUPER_SUM_AT]))
        return (bytes(_SUPER_AT) + data).ljust(BLOCK_BYTES, b"\0")

    def _descriptors_in(self, number: int) -> range:
        """Where those of the `number`th block begin, in bytes from the first of all."""
        begin = number * BLOCK_BYTES
        return range(begin, min(begin + BLOCK_BYTES, self._groups * _DESCRIPTOR_BYTES), _DESCRIPTOR_BYTES)

    @property
    def _groups(self) -> int:
        return -(-self.blocks // GROUP_BLOCKS)


def read_superblock(data: bytes) -> Superblock | None:
    """Return what 1,024 bytes say if they are a sound superblock of the shape that ours have; otherwise None."""
    if len(data) != _SUPER_BYTES or _number("<H", data, 0x38) != _MAGIC:
        return None
    incompat, ro_compat = _number("<I", data, _INCOMPAT_AT), _number("<I", data, _RO_COMPAT_AT)
    # Blocks of 1,024 << 2 bytes, so many of them a group, and the length of a descriptor.
    shape = _number("<I", data, 0x18), _number("<I", data, 0x20), _number("<H", data, 0xFE)
    if shape != (2, GROUP_BLOCKS, _DESCRIPTOR_BYTES) or incompat & (_64BIT | _META_BG) != _64BIT:
        return None
    if ro_compat & (_SPARSE_SUPER | _METADATA_CSUM) != _SPARSE_SUPER | _METADATA_CSUM:
        return None
    if crc32c(data[:_SUPER_SUM_AT]) != _number("<I", data, _SUPER_SUM_AT):
        return None
    identity = data[0x68:0x78]
    return Superblock(
        data=data,
        group=_number("<H", data, _GROUP_AT),
        label=data[0x78:0x88].rstrip(b"\0").decode("latin-1"),
        identity=identity,
        blocks=_number("<I", data, 4) | _number("<I", data, 0x150) << 32,
        inode_bytes=_number("<H", data, 0x58),
        seed=_number("<I", data, 0x270) if incompat & _CSUM_SEED else crc32c(identity),
    )


def to_begin_again(read: ReadBlock, *, blocks: int, label: str) -> Writes | None:
    """
    Return what must be written so that the file system called `label` begins again; nothing where it does begin.

    `blocks` is how many the device has. None where no such file system is found, or more of it is lost than its
    beginning, or what lies there instead may be somebody else's.
    """

    def is_ours(found: Superblock | None, group: int) -> bool:
        return found is not None and (found.group, found.label) == (group, label) and 0 < found.blocks <= blocks

    first = _superblock_at(read, 0, _SUPER_AT)
    own = first if is_ours(first, 0) else None
    if own and all(_is_sound(own, number, read(1 + number)) for number in range(own.descriptor_blocks)):
        return []
    if first and first.group == 0 and not own:
        # Sound, and of another name.
        return None
    for group in groups_with_copies(blocks):
        copy = _superblock_at(read, group * GROUP_BLOCKS, 0)
        if copy and is_ours(copy, group) and (first is None or first.identity == copy.identity):
            writes = _from_copy(read, copy, is_begun=own is not None)
            if writes:
                return writes
    return None


def groups_with_copies(blocks: int) -> Iterator[int]:
    """Give the groups of a file system of so many blocks that hold copies: 1, and the powers of 3, 5 and 7."""
    last = (blocks - 1) // GROUP_BLOCKS
    powers = {base**power for base in (3, 5, 7) for power in range(last.bit_length() + 1)}
    yield from sorted(group for group in powers if group <= last)


def _from_copy(read: ReadBlock, copy: Superblock, *, is_begun: bool) -> Writes:
    """Return the writes, the superblock last; none where they would not be enough, or not be right."""
    writes: Writes = []
    inodes_at = 0
    for number in range(copy.descriptor_blocks):
        block = read(1 + number)
        if block is None or not copy.vouches(number, block):
            spare = read(copy.group * GROUP_BLOCKS + 1 + number)
            if spare is None or not copy.vouches(number, spare):
                return []
            lost, block = block, copy.disbelieved(number, spare)
            if not is_begun and lost not in (None, block):
                # Neither the superblock nor this: not one sector was lost, but somebody has written here.
                return []
            writes.append((1 + number, block))
        if number == 0:
            inodes_at = _number("<I", block, 0x08) | _number("<I", block, 0x28) << 32
    if not _has_root_and_journal(copy, read(inodes_at)):
        return []
    return writes if is_begun else [*writes, (0, copy.as_first())]


def _is_sound(own: Superblock, number: int, block: bytes | None) -> bool:
    return block is not None and own.vouches(number, block)


def _has_root_and_journal(copy: Superblock, inodes: bytes | None) -> bool:
    """Say whether the first block of inodes has what every file system of ours has: else a check leaves nothing."""
    if inodes is None or copy.inode_bytes * _JOURNAL > len(inodes):
        return False
    kinds = [_number("<H", inodes, (inode - 1) * copy.inode_bytes) & _KIND for inode in (_ROOT, _JOURNAL)]
    return kinds == [_DIRECTORY, _FILE]


def _superblock_at(read: ReadBlock, block: int, at: int) -> Superblock | None:
    data = read(block)
    return None if data is None else read_superblock(data[at : at + _SUPER_BYTES])


def _number(form: str, data: bytes | bytearray, at: int) -> int:
    (found,) = struct.unpack_from(form, data, at)
    return int(found)


def _change(data: bytearray, form: str, at: int, *, clear: int = 0, add: int = 0) -> None:
    struct.pack_into(form, data, at, _number(form, data, at) & ~clear | add)


def _shifted(value: int, polynomial: int = 0x82F63B78) -> int:
    for _ in range(8):
        value = value >> 1 ^ (polynomial if value & 1 else 0)
    return value


_REMAINDERS = tuple(_shifted(value) for value in range(256))


def crc32c(data: bytes | bytearray, before: int = 0xFFFFFFFF) -> int:
    """Return the CRC-32C of `data` as ext4 writes it: not turned over at the end. `before` is that of what precedes."""
    for byte in data:
        before = before >> 8 ^ _REMAINDERS[(before ^ byte) & 0xFF]
    return before
