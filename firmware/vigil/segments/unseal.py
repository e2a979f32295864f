"""Opening a sealed segment: any span of it, without touching the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cryptography.exceptions import InvalidTag

from vigil.errors import Forged, Truncated
from vigil.segments.age import Header, Identity, Passphrase, read_header
from vigil.segments.stream import (
    CHUNK_BYTES,
    NOT_LAST,
    SEALED_CHUNK_BYTES,
    ChunkReader,
    PayloadKey,
    chunk_nonce,
    payload_key,
)

ReadAt = Callable[[int, int], bytes]
_HEADER_READ_BYTES = 4096
_NONCE_BYTES = 16


class Unsealed:
    """
    The plaintext of one sealed file.

    `read_at(offset, size)` reads the file, which has `size` bytes. Raises
    `WrongKey` where none of `keys` opens it, other `SealError`s where it is
    not what it was.
    """

    def __init__(self, read_at: ReadAt, size: int, keys: Sequence[Identity | Passphrase]) -> None:
        header = _header(read_at)
        self.header_bytes = header.size + _NONCE_BYTES
        nonce = read_at(header.size, _NONCE_BYTES)
        if len(nonce) < _NONCE_BYTES:
            raise Truncated("this age file ends before its first chunk")
        self.key = payload_key(header.file_key(keys), nonce)
        self._chunks = ChunkReader(
            self.key, lambda offset, n: read_at(self.header_bytes + offset, n), size - self.header_bytes
        )
        self.plaintext_bytes = self._chunks.plaintext_bytes

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes of plaintext from `offset`; fewer only at the end. Opens only the chunks it needs."""
        return self._chunks.read(offset, size)


def open_tail(key: PayloadKey, covered_chunks: int, tail: bytes) -> Iterator[bytes]:
    """
    Yield the plaintext chunks of a `.tail` file: what age authenticates although no statement signed it.

    `covered_chunks` is how many chunks stand before it in the segment. The torn
    chunk at the end, where there is one, is left out.
    """
    for index in range(len(tail) // SEALED_CHUNK_BYTES):
        sealed = tail[index * SEALED_CHUNK_BYTES : (index + 1) * SEALED_CHUNK_BYTES]
        try:
            yield key.decrypt(chunk_nonce(covered_chunks + index, NOT_LAST), sealed, None)
        except InvalidTag:
            raise Forged(f"chunk {index} of a tail was changed or is torn") from None


def chunks_before(file_bytes: int, header_bytes: int) -> int:
    """Return how many whole chunks stand in the first `file_bytes` of a segment's file."""
    return (file_bytes - header_bytes) // SEALED_CHUNK_BYTES


def plain_offset(file_bytes: int, header_bytes: int) -> int:
    """Return where in the plaintext the fragment begins that follows a flush of `file_bytes`."""
    return chunks_before(file_bytes, header_bytes) * CHUNK_BYTES


def _header(read_at: ReadAt) -> Header:
    size = _HEADER_READ_BYTES
    while True:
        data = read_at(0, size)
        try:
            return read_header(data)
        except Truncated:
            if len(data) < size:
                raise
            size *= 4
