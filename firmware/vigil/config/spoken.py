"""Secrets that people write down and say aloud: bits as words of five letters, with a check of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

from vigil.digest import sha256
from vigil.errors import ConfigError

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_LETTERS = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
_SECRET_BYTES, _CHECK_BYTES = 10, 2
_WORDS = (_SECRET_BYTES + _CHECK_BYTES) // 2


def new_passphrase(random_bytes: Callable[[int], bytes]) -> str:
    """
    Return a passphrase of 80 random bits, in six words such as ``lusab-babad-gutih-tugad-mudof-sakat``.

    Each word is 16 bits (proquints: D. S. Wilkerson, arXiv:0901.4016); the
    last is the beginning of the SHA-256 of the others.
    """
    secret = random_bytes(_SECRET_BYTES)
    data = secret + sha256(secret)[:_CHECK_BYTES]
    return "-".join(_word(int.from_bytes(data[at : at + 2], "big")) for at in range(0, len(data), 2))


def read_passphrase(text: str) -> str:
    """
    Return what somebody has typed as `new_passphrase` writes it, however it is spaced.

    Raises `ConfigError` where it can be none: so a slip of the pen is no try.
    """
    letters = re.sub(r"[\s.,_-]+", "", text).lower()
    words = [letters[at : at + 5] for at in range(0, len(letters), 5)]
    if len(letters) != 5 * _WORDS:
        raise ConfigError([f"a recovery passphrase has {_WORDS} words of 5 letters, with or without lines between"])
    data = b"".join(_number(word).to_bytes(2, "big") for word in words)
    if sha256(data[:_SECRET_BYTES])[:_CHECK_BYTES] != data[_SECRET_BYTES:]:
        raise ConfigError(["this is no recovery passphrase: one of its letters is wrong; look at the paper again"])
    return "-".join(words)


def _word(number: int) -> str:
    letters = []
    for alphabet in reversed(_LETTERS):
        number, index = divmod(number, len(alphabet))
        letters.append(alphabet[index])
    return "".join(reversed(letters))


def _number(word: str) -> int:
    number = 0
    for letter, alphabet in zip(word, _LETTERS, strict=True):
        if letter not in alphabet:
            raise ConfigError([f"there is no {letter!r} in that place of {word!r}: look at the paper again"])
        number = number * len(alphabet) + alphabet.index(letter)
    return number
