"""Boxes: the one idea an MP4 file is made of (ISO/IEC 14496-12, 4.2), written and read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vigil.errors import FormatError, Truncated

ReadAt = Callable[[int, int], bytes]
"""``read_at(offset, size)`` returns `size` bytes from `offset`, fewer only where the file ends."""

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 (NTP, RFC 5905) to 1970."""

MP4_EPOCH_S = 2_082_844_800
"""Seconds from 1904 (MP4) to 1970."""

SMALLEST_FREE = 8


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of `kind` around `parts`."""
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, parts)), kind), *parts))


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Return a box that begins with version and flags (4.2.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def free_box(size: int) -> bytes:
    """Return a box of exactly `size` bytes that every reader skips (8.1.2): zeros behind its header."""
    if not SMALLEST_FREE <= size < 1 << 32:
        raise ValueError(f"a free box has {SMALLEST_FREE} bytes to 4 GiB, not {size}")
    return struct.pack(">I4s", size, b"free") + bytes(size - 8)


def ntp(wall_us: int) -> int:
    """Return microseconds since 1970 as a 64-bit NTP timestamp (32.32 seconds since 1900)."""
    seconds, microseconds = divmod(wall_us, 1_000_000)
    # Rounded up, so that reading the fraction back (rounded down) gives the same microsecond.
    return (seconds + NTP_EPOCH_S) % (1 << 32) << 32 | -(-(microseconds << 32) // 1_000_000)


def wall_us(ntp_time: int) -> int:
    """
    Return a 64-bit NTP timestamp as microseconds since 1970.

    Seconds with the high bit clear belong to the era that begins in 2036
    (RFC 4330, section 3): this reads 1968 to 2104.
    """
    seconds = ntp_time >> 32
    if seconds < 1 << 31:
        seconds += 1 << 32
    return (seconds - NTP_EPOCH_S) * 1_000_000 + ((ntp_time & 0xFFFF_FFFF) * 1_000_000 >> 32)


@dataclass(frozen=True, slots=True)
class Found:
    """A box in a file: what it is, where its content begins and where it ends."""

    kind: bytes
    offset: int
    content: int
    end: int


def top_level(read_at: ReadAt, offset: int = 0) -> Iterator[Found]:
    """
    Yield the boxes of a file from `offset` on, contents unread.

    Ends where the file ends between two boxes. A header cut short raises
    `Truncated`; whether a box is wholly there is for the caller to find out
    (`require`). A box "to the end of the file" has no end that could be
    checked and is refused, as is one too large for its header.
    """
    while header := read_at(offset, 16):
        if len(header) < 8:
            raise Truncated(f"the file ends within a box header, {len(header)} bytes after offset {offset}")
        size, kind = struct.unpack_from(">I4s", header)
        content = offset + 8
        if size == 1:
            if len(header) < 16:
                raise Truncated(f"the file ends within a box header, {len(header)} bytes after offset {offset}")
            size, content = int.from_bytes(header[8:16], "big"), offset + 16
        if offset + size < content or size > 1 << 62:
            raise FormatError(f"the box {printable(kind)} at offset {offset} gives its size as {size}")
        yield Found(kind, offset, content, offset + size)
        offset += size


def require(read_at: ReadAt, found: Found) -> None:
    """Raise `Truncated` unless the file reaches to the end of the box."""
    if found.end > found.content and not read_at(found.end - 1, 1):
        raise Truncated(f"the file ends within the box {printable(found.kind)} at offset {found.offset}")


def content_of(read_at: ReadAt, found: Found, largest: int) -> bytes:
    """Return what is in a box of at most `largest` bytes."""
    size = found.end - found.content
    if size > largest:
        raise FormatError(f"the box {printable(found.kind)} has {size} bytes, more than {largest}")
    data = read_at(found.content, size)
    if len(data) < size:
        raise Truncated(f"the file ends within the box {printable(found.kind)} at offset {found.offset}")
    return data


def inner(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield kind and content of each box in `data`; what does not fit is a `FormatError`."""
    at = 0
    while len(data) - at >= 8:
        size, kind = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if size == 1 and len(data) - at >= 16:
            size, begin = int.from_bytes(data[begin : begin + 8], "big"), at + 16
        elif size == 0:
            size = len(data) - at
        if at + size < begin or at + size > len(data):
            raise FormatError(f"the box {printable(kind)} does not fit into the one that holds it")
        yield kind, data[begin : at + size]
        at += size


def child(data: memoryview, *path: bytes) -> memoryview | None:
    """Return the content of the first box at `path` below `data`, or None."""
    found: memoryview | None = data
    for kind in path:
        if found is None:
            return None
        found = next((content for name, content in inner(found) if name == kind), None)
    return found


def needed(data: memoryview, *path: bytes) -> memoryview:
    """Return the content of the first box at `path` below `data`; that it is missing is a `FormatError`."""
    found = child(data, *path)
    if found is None:
        raise FormatError(f"the box {'/'.join(map(printable, path))} is missing")
    return found


class Fields:
    """Reads the numbers of a box one after the other; running out of them is a `FormatError`."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, layout: str) -> tuple[int, ...]:
        """Return the numbers of a `struct` layout (big-endian)."""
        try:
            values = struct.unpack_from(layout, self.data, self.at)
        except struct.error:
            raise FormatError("a box ends within its fields") from None
        self.at += struct.calcsize(layout)
        return values

    def one(self, layout: str) -> int:
        """Return the one number of a `struct` layout."""
        return self.take(layout)[0]

    def head(self) -> tuple[int, int]:
        """Return version and flags."""
        value = self.one(">I")
        return value >> 24, value & 0xFF_FFFF

    def rest(self) -> memoryview:
        """Return what is left."""
        return self.data[self.at :]


def printable(kind: bytes) -> str:
    """Return the four characters of a box for a message."""
    return kind.decode("latin-1").encode("ascii", "backslashreplace").decode()
