"""The payload of an age file: chunks of 64 KiB, each sealed on its own (STREAM, C2SP `age.md`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vigil.errors import Forged, Truncated

CHUNK_BYTES = 65_536
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
LAST = True
NOT_LAST = False

PayloadKey = ChaCha20Poly1305


def payload_key(file_key: bytes, nonce: bytes) -> PayloadKey:
    """Return the cipher for the chunks of one file."""
    return ChaCha20Poly1305(HKDF(SHA256(), 32, nonce, b"payload").derive(file_key))


def chunk_nonce(counter: int, last: bool) -> bytes:
    """Return the nonce of chunk `counter`: eleven bytes of counter and the mark of the last chunk."""
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def seal(key: PayloadKey, plaintext: bytes) -> bytes:
    """Seal a whole small plaintext."""
    count = max(1, -(-len(plaintext) // CHUNK_BYTES))
    parts = (plaintext[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES] for i in range(count))
    return b"".join(key.encrypt(chunk_nonce(i, i == count - 1), part, None) for i, part in enumerate(parts))


def open_all(key: PayloadKey, sealed: bytes) -> bytes:
    """Open a whole small payload. Raises `Forged` or `Truncated`."""
    reader = ChunkReader(key, lambda offset, size: sealed[offset : offset + size], len(sealed))
    return b"".join(reader.read_all())


class ChunkReader:
    """
    Opens chunks of a payload in any order, touching no others.

    `read_at(offset, size)` reads the payload (offsets count from behind the
    nonce), `size` is the payload's length in bytes.
    """

    def __init__(self, key: PayloadKey, read_at: Callable[[int, int], bytes], size: int) -> None:
        self._key = key
        self._read_at = read_at
        self._size = size
        self.count = max(1, -(-size // SEALED_CHUNK_BYTES))
        self._held: tuple[int, bytes] = (-1, b"")

    @property
    def plaintext_bytes(self) -> int:
        """Return the plaintext's length, as the file's length claims it."""
        return max(0, self._size - self.count * TAG_BYTES)

    def chunk(self, index: int) -> bytes:
        """
        Return chunk number `index`.

        Raises `Truncated` where the file ends before its final chunk, `Forged`
        where the bytes were changed.
        """
        if self._held[0] == index:
            return self._held[1]
        last = index == self.count - 1
        sealed = self._read_at(index * SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES)
        if len(sealed) < TAG_BYTES:
            raise Truncated(f"this age file ends inside chunk {index}")
        try:
            plain = self._key.decrypt(chunk_nonce(index, last), sealed, None)
        except InvalidTag:
            if last and self._opens_as_inner(index, sealed):
                raise Truncated(f"this age file ends behind chunk {index}, which is not its last") from None
            raise Forged(f"chunk {index} of this age file was changed or is torn") from None
        if last and not plain and index:
            raise Forged("the last chunk of this age file is empty, which age forbids")
        self._held = (index, plain)
        return plain

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes of plaintext from `offset`; fewer only at the end."""
        parts = []
        while size > 0 and offset // CHUNK_BYTES < self.count:
            part = self.chunk(offset // CHUNK_BYTES)[offset % CHUNK_BYTES :][:size]
            if not part:
                break
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return b"".join(parts)

    def read_all(self) -> Iterator[bytes]:
        """Yield every chunk in order."""
        for index in range(self.count):
            yield self.chunk(index)

    def _opens_as_inner(self, index: int, sealed: bytes) -> bool:
        try:
            self._key.decrypt(chunk_nonce(index, NOT_LAST), sealed, None)
        except InvalidTag:
            return False
        return True
