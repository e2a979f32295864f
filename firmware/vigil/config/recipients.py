"""Is this the public key of an owner? Form only: whether somebody holds its other half, no check can tell."""

from __future__ import annotations

from vigil import bech32
from vigil.errors import ConfigError, FormatError


def check_recipient(text: str) -> None:
    """
    Raise `ConfigError` unless `text` is an X25519 recipient of age (C2SP `age.md`) that can be sealed to.

    A secret identity given by mistake is refused without being repeated.
    """
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise ConfigError(["this is a secret key, which never belongs into this file: give the age1… line beside it"])
    if not text.startswith("age1") or len(text) != 62 or not set(text[4:]) <= set(bech32.ALPHABET):
        raise ConfigError(["not an owner's public key: they begin with age1 and have 62 characters"])
    try:
        _, public = bech32.decode(text)
    except bech32.StrayBits:
        public = b""
    except FormatError:
        raise ConfigError(["one of its characters is wrong (its checksum does not match): copy it again"]) from None
    if not _is_usable(public):
        raise ConfigError(["this key cannot be sealed to: make a new one with vigil keys new"])


def _is_usable(public: bytes) -> bool:
    """Say whether sealing to this point of the curve works (points of low order are refused by X25519)."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return False
    return True
