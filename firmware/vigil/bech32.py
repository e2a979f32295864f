"""Bech32 (BIP 173) without its length limit, as age writes keys."""

from __future__ import annotations

from vigil.errors import FormatError

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class StrayBits(FormatError):
    """The last character carries bits that no byte of the data has."""


def encode(prefix: str, data: bytes) -> str:
    """Return `data` in Bech32 with the human-readable `prefix`, in lower case."""
    values = _regroup(data, 8, 5, pad=True)
    checksum = _polymod(_expand(prefix) + values + [0] * 6) ^ 1
    values += [(checksum >> 5 * (5 - i)) & 31 for i in range(6)]
    return prefix + "1" + "".join(ALPHABET[v] for v in values)


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix (in lower case) and the data of `text`. Raises `FormatError`."""
    if text.lower() != text and text.upper() != text:
        raise FormatError("a key mixes capital and small letters; copy it again")
    prefix, mark, payload = text.lower().rpartition("1")
    if not mark or not prefix or len(payload) < 6 or any(not 33 <= ord(c) <= 126 for c in prefix):
        raise FormatError("this is not a Bech32 key")
    try:
        values = [ALPHABET.index(c) for c in payload]
    except ValueError:
        raise FormatError("a key holds a character that Bech32 does not use; copy it again") from None
    if _polymod(_expand(prefix) + values) != 1:
        raise FormatError("a key's checksum does not match; one of its characters is wrong")
    return prefix, bytes(_regroup(values[:-6], 5, 8, pad=False))


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_GENERATORS):
            checksum ^= generator if top >> i & 1 else 0
    return checksum


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regroup(data: bytes | list[int], width_from: int, width_to: int, *, pad: bool) -> list[int]:
    out: list[int] = []
    held, bits = 0, 0
    for value in data:
        held, bits = held << width_from | value, bits + width_from
        while bits >= width_to:
            bits -= width_to
            out.append(held >> bits & ((1 << width_to) - 1))
        held &= (1 << bits) - 1
    if pad and bits:
        out.append(held << (width_to - bits) & ((1 << width_to) - 1))
    elif not pad and (bits >= width_from or held):
        raise StrayBits("a key's last character carries stray bits; copy it again")
    return out
