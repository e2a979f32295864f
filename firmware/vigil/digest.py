"""
SHA-256 and HMAC, by the library that seals and signs.

Python's own `hashlib` brings another copy of OpenSSL into memory, 3.6 MiB of
it: who has nothing but this to do for a day should not pay for both.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hmac import HMAC


class Sha256:
    """SHA-256 (FIPS 180-4) of what comes piece by piece."""

    def __init__(self, data: bytes = b"") -> None:
        self._hash = Hash(SHA256())
        self.update = self._hash.update
        if data:
            self.update(data)

    def digest(self) -> bytes:
        """Return the 32 bytes for what has come so far."""
        return self._hash.copy().finalize()

    def hexdigest(self) -> str:
        """Return the same in hex."""
        return self.digest().hex()


def sha256(data: bytes | memoryview) -> bytes:
    """Return the SHA-256 of `data`: 32 bytes."""
    made = Hash(SHA256())
    made.update(data)
    return made.finalize()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the HMAC-SHA-256 (RFC 2104) of `message` under `key`: 32 bytes."""
    made = HMAC(key, SHA256())
    made.update(message)
    return made.finalize()


def is_hmac_sha256(mac: bytes, key: bytes, message: bytes) -> bool:
    """Say whether `mac` is the HMAC of `message` under `key`, in a time that does not tell where it differs."""
    made = HMAC(key, SHA256())
    made.update(message)
    try:
        made.verify(mac)
    except InvalidSignature:
        return False
    return True
