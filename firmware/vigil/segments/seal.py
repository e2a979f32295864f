"""
Plain fragments become the bytes of an age file, with a safe place to stop at every flush.

The method is docs/spec/segment.md, *Bounded loss* and *The closer*.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vigil.digest import Sha256
from vigil.segments.age import Recipient, new_header
from vigil.segments.stream import CHUNK_BYTES, LAST, NOT_LAST, SEALED_CHUNK_BYTES, PayloadKey, chunk_nonce

EMPTY_FREE_BOX = b"\x00\x00\x00\x08free"


_ROOM_KEPT_BYTES = 32 * SEALED_CHUNK_BYTES
"""More room than this for sealed chunks is given back after the flush that needed it (a pre-roll, a disk that hung)."""


@dataclass(frozen=True, slots=True)
class Flush:
    """
    What one flush puts behind the file.

    `data` to append, which may change when the sealer is used again; `size_bytes` the file's length then; `sha256`
    (hex) of the whole file then; `closer` the 24 bytes that would complete it there.
    """

    data: bytes | memoryview
    size_bytes: int
    sha256: str
    closer: bytes


class Sealer:
    """
    Seals one segment. The file key exists only in here; `close` forgets it.

    Everything happens in room that is used again: asking the system for
    memory, a second's pictures at a time, costs as much as sealing them.
    """

    def __init__(self, recipients: Sequence[Recipient], random_bytes: Callable[[int], bytes]) -> None:
        header, self._key = new_header(recipients, random_bytes)
        self.header_bytes = len(header)
        self._plain = memoryview(bytearray(CHUNK_BYTES))
        self.unfilled = 0
        """How many bytes stand in the open chunk."""
        self._sealed = memoryview(bytearray(header))
        self._sealed_bytes = len(header)
        self._counter = 0
        self._bytes = 0
        self._digest = Sha256(header)

    def add(self, *parts: bytes) -> None:
        """Take whole MP4 boxes, in pieces. Full chunks are sealed at once, none is due to the disk before `flush`."""
        for part in parts:
            end = self.unfilled + len(part)
            if end < CHUNK_BYTES:
                self._plain[self.unfilled : end] = part
                self.unfilled = end
            else:
                self._fill(memoryview(part))

    def flush(self) -> Flush:
        """Fill the open chunk with a `free` box and return all that is not yet on the disk."""
        if self.unfilled:
            self.add(padding(self.unfilled))
        data = self._sealed[: self._sealed_bytes]
        self._bytes += self._sealed_bytes
        self._sealed_bytes = 0
        if len(self._sealed) > _ROOM_KEPT_BYTES:
            self._sealed = memoryview(bytearray())
        return Flush(data, self._bytes, self._digest.hexdigest(), closer_of(self._key, self._counter))

    def close(self) -> Flush:
        """
        Return the closer as the last bytes of the file; the sealer is used up.

        Everything must have been flushed before: the closer's counter follows the last whole chunk.
        """
        if self.unfilled or self._sealed_bytes:
            raise RuntimeError("internal error: a segment is closed before it is flushed")
        closer = closer_of(self._key, self._counter)
        self._digest.update(closer)
        self._bytes += len(closer)
        del self._key
        return Flush(closer, self._bytes, self._digest.hexdigest(), closer)

    def _fill(self, part: memoryview) -> None:
        at = CHUNK_BYTES - self.unfilled
        self._plain[self.unfilled :] = part[:at]
        self._seal(self._plain)
        while len(part) - at >= CHUNK_BYTES:
            self._seal(part[at : at + CHUNK_BYTES])
            at += CHUNK_BYTES
        self.unfilled = len(part) - at
        self._plain[: self.unfilled] = part[at:]

    def _seal(self, chunk: memoryview) -> None:
        place = self._room(SEALED_CHUNK_BYTES)
        self._key.encrypt_into(chunk_nonce(self._counter, NOT_LAST), chunk, None, place)
        # Hashed while the processor still has it at hand: half a megabyte later it would be fetched again.
        self._digest.update(place)
        self._counter += 1

    def _room(self, size: int) -> memoryview:
        """Return the next `size` bytes behind what waits for the disk."""
        begin, end = self._sealed_bytes, self._sealed_bytes + size
        if end > len(self._sealed):
            # A new one, not a larger one: what the last flush handed out may still be read.
            larger = memoryview(bytearray(end + end // 4))
            larger[:begin] = self._sealed[:begin]
            self._sealed = larger
        self._sealed_bytes = end
        return self._sealed[begin:end]


def padding_bytes(written: int) -> int:
    """Return how large the `free` box is that ends the chunk in which `written` bytes end; 0 where they fill it."""
    size = -written % CHUNK_BYTES
    # One that is too small for a box goes on through the next chunk.
    return size + CHUNK_BYTES if 0 < size < len(EMPTY_FREE_BOX) else size


def padding(unfilled: int) -> bytes:
    """Return the `free` box that ends a chunk in which `unfilled` bytes stand, or the next chunk where none fits."""
    size = padding_bytes(unfilled)
    return struct.pack(">I4s", size, b"free") + bytes(size - 8)


def closer_of(key: PayloadKey, counter: int) -> bytes:
    """Return the final chunk number `counter`: an empty `free` box, so that a player sees nothing of it."""
    return key.encrypt(chunk_nonce(counter, LAST), EMPTY_FREE_BOX, None)
