"""
Plain fragments become the bytes of an age file, with a safe place to stop at every flush.

The method is docs/spec/segment.md, *Bounded loss* and *The closer*.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vigil.segments.age import Recipient, new_header
from vigil.segments.stream import CHUNK_BYTES, LAST, NOT_LAST, PayloadKey, chunk_nonce

EMPTY_FREE_BOX = b"\x00\x00\x00\x08free"


@dataclass(frozen=True, slots=True)
class Flush:
    """
    What one flush puts behind the file.

    `parts` to append, one behind the other; `size_bytes` the file's length then; `sha256`
    (hex) of the whole file then; `closer` the 24 bytes that would complete it there.
    """

    parts: tuple[bytes, ...]
    size_bytes: int
    sha256: str
    closer: bytes

    @property
    def data(self) -> bytes:
        """Return the parts as one."""
        return b"".join(self.parts)


class Sealer:
    """Seals one segment. The file key exists only in here; `close` forgets it."""

    def __init__(self, recipients: Sequence[Recipient], random_bytes: Callable[[int], bytes]) -> None:
        header, self._key = new_header(recipients, random_bytes)
        self.header_bytes = len(header)
        self._out: list[bytes] = [header]
        self._unfilled = b""
        self._counter = 0
        self._bytes = 0
        self._digest = hashlib.sha256(header)

    @property
    def padding_bytes(self) -> int:
        """Return how many bytes of padding a flush would add now."""
        return len(padding(len(self._unfilled))) if self._unfilled else 0

    def add(self, boxes: bytes) -> None:
        """Take whole MP4 boxes. Full chunks are sealed at once, nothing is due to the disk before `flush`."""
        view = memoryview(boxes)
        if self._unfilled:
            missing = CHUNK_BYTES - len(self._unfilled)
            filled, view = self._unfilled + bytes(view[:missing]), view[missing:]
            if len(filled) < CHUNK_BYTES:
                self._unfilled = filled
                return
            self._seal(filled)
        whole = len(view) - len(view) % CHUNK_BYTES
        for at in range(0, whole, CHUNK_BYTES):
            self._seal(view[at : at + CHUNK_BYTES])
        self._unfilled = bytes(view[whole:])

    def flush(self) -> Flush:
        """Fill the open chunk with a `free` box and return all that is not yet on the disk."""
        if self._unfilled:
            self.add(padding(len(self._unfilled)))
        parts = tuple(self._out)
        self._out.clear()
        self._bytes += sum(map(len, parts))
        return Flush(parts, self._bytes, self._digest.hexdigest(), closer_of(self._key, self._counter))

    def close(self) -> Flush:
        """
        Return the closer as the last bytes of the file; the sealer is used up.

        Everything must have been flushed before: the closer's counter follows the last whole chunk.
        """
        if self._unfilled or self._out:
            raise RuntimeError("internal error: a segment is closed before it is flushed")
        closer = closer_of(self._key, self._counter)
        self._digest.update(closer)
        self._bytes += len(closer)
        del self._key
        return Flush((closer,), self._bytes, self._digest.hexdigest(), closer)

    def _seal(self, chunk: bytes | memoryview) -> None:
        sealed = self._key.encrypt(chunk_nonce(self._counter, NOT_LAST), chunk, None)
        # Hashed while the processor still has it at hand: half a megabyte later it would be fetched again.
        self._digest.update(sealed)
        self._out.append(sealed)
        self._counter += 1


def padding(unfilled: int) -> bytes:
    """Return the `free` box that ends a chunk in which `unfilled` bytes stand, or the next chunk where none fits."""
    size = CHUNK_BYTES - unfilled
    if size < len(EMPTY_FREE_BOX):
        size += CHUNK_BYTES
    return struct.pack(">I4s", size, b"free") + bytes(size - 8)


def closer_of(key: PayloadKey, counter: int) -> bytes:
    """Return the final chunk number `counter`: an empty `free` box, so that a player sees nothing of it."""
    return key.encrypt(chunk_nonce(counter, LAST), EMPTY_FREE_BOX, None)
