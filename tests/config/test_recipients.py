"""A recipient is checked for form by its own code; it must agree with the code that seals."""

from __future__ import annotations

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.configs import KEYS
from vigil.bech32 import decode, encode
from vigil.config.recipients import check_recipient
from vigil.errors import ConfigError, FormatError


def test_the_keys_of_the_age_program_are_accepted():
    for _ in range(5):
        check_recipient(str(pyrage.x25519.Identity.generate().to_public()))


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32).filter(lambda key: any(key[1:])))
def test_every_key_that_can_be_sealed_to_is_accepted(key: bytes):
    check_recipient(encode("age", key))


@pytest.mark.parametrize("at", range(62))
def test_one_wrong_character_is_found_wherever_it_is(at: int):
    wrong = "q" if KEYS[0][at] != "q" else "p"

    with pytest.raises(ConfigError):
        check_recipient(KEYS[0][:at] + wrong + KEYS[0][at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        KEYS[0].upper(),
        KEYS[0][:-1],
        KEYS[0] + "q",
        encode("age", bytes(31)),
        encode("agf", bytes([7]) * 32),
    ],
)
def test_what_is_no_recipient_is_refused(text: str):
    with pytest.raises(ConfigError):
        check_recipient(text)


@pytest.mark.parametrize("key", [bytes(32), bytes([1]) + bytes(31)])
def test_a_key_that_cannot_be_sealed_to_is_refused(key: bytes):
    with pytest.raises(ConfigError, match="cannot be sealed to"):
        check_recipient(encode("age", key))


def test_stray_bits_behind_a_key_are_refused():
    """The checksum is right, but the last character before it says more than 256 bits."""
    text = "age1qvpsxqcrqvpsxqcrqvpsxqcrqvpsxqcrqvpsxqcrqvpsxqcrqvp3yc08kc"

    with pytest.raises(FormatError, match="stray bits"):
        decode(text)
    with pytest.raises(ConfigError, match="cannot be sealed to"):
        check_recipient(text)


def test_a_secret_key_is_not_repeated():
    secret = str(pyrage.x25519.Identity.generate())

    with pytest.raises(ConfigError, match="secret key") as caught:
        check_recipient(secret)
    assert secret[20:] not in str(caught.value)
