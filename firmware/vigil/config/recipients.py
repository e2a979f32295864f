"""Is this the public key of an owner? Form only: whether somebody holds its other half, no check can tell."""

from __future__ import annotations

from vigil.errors import ConfigError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_EXPANDED_PREFIX = [3, 3, 3, 0, 1, 7, 5]
"""“age”, as Bech32 (BIP 173) mixes a prefix into its checksum: high bits, nought, low bits."""


def check_recipient(text: str) -> None:
    """
    Raise `ConfigError` unless `text` is an X25519 recipient of age (C2SP `age.md`) that can be sealed to.

    A secret identity given by mistake is refused without being repeated.
    """
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise ConfigError(["this is a secret key, which never belongs into this file: give the age1… line beside it"])
    if not text.startswith("age1") or len(text) != 62 or not set(text[4:]) <= set(_ALPHABET):
        raise ConfigError(["not an owner's public key: they begin with age1 and have 62 characters"])
    values = [_ALPHABET.index(character) for character in text[4:]]
    if _polymod(_EXPANDED_PREFIX + values) != 1:
        raise ConfigError(["one of its characters is wrong (its checksum does not match): copy it again"])
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    # 52 characters carry 260 bits; a key has 256, and the four left over are nought.
    if number & 0xF or not _is_usable((number >> 4).to_bytes(32, "big")):
        raise ConfigError(["this key cannot be sealed to: make a new one with vigil keys new"])


def _is_usable(public: bytes) -> bool:
    """Say whether sealing to this point of the curve works (points of low order are refused by X25519)."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return False
    return True


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum
