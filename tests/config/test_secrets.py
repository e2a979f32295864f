"""What is kept of a PIN, and what a password must cost a thief."""

from __future__ import annotations

import os

import pytest

from vigil.config.passwords import GUESSES_A_S, LEAST_YEARS, check_password, guesses_log2
from vigil.config.secrets import hash_pin, pin_matches
from vigil.errors import ConfigError


@pytest.fixture(scope="module")
def kept() -> bytes:
    return hash_pin("4711", os.urandom)


def test_the_pin_opens_and_no_other_does(kept: bytes):
    assert pin_matches("4711", kept)
    assert not pin_matches("4712", kept)
    assert not pin_matches("", kept)


def test_what_is_kept_is_a_standard_hash_with_its_parameters(kept: bytes):
    assert kept.startswith(b"$argon2id$v=19$m=65536,t=3,p=4$")
    assert b"4711" not in kept


def test_a_pin_kept_with_other_parameters_is_still_checked():
    """Made by the reference program: `printf 2468 | argon2 somesalt -id -t 2 -k 256 -p 1 -l 24 -e`."""
    reference = b"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$kE223rzE0QaNkCvWwSwqjZ/ZMLo1v2M9\n"

    assert pin_matches("2468", reference)
    assert not pin_matches("2469", reference)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff",
        b"$argon2id$v=19$m=65536,t=3,p=4$",
        b"$argon2id$v=19$m=99999999,t=3,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        b"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        b"$argon2id$v=19$m=8,t=0,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        b"$argon2id$v=19$m=8,t=1,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ],
)
def test_a_damaged_hash_is_told_and_never_eats_the_memory(damaged: bytes):
    with pytest.raises(ConfigError, match="set it again"):
        pin_matches("4711", damaged)


@pytest.mark.parametrize("pin", ["", "123", "4711x", "1234567890123", "٤٧١١", " 4711", "4711\n"])
def test_a_pin_is_four_to_twelve_digits(pin: str):
    with pytest.raises(ConfigError, match="4 to 12 digits"):
        hash_pin(pin, os.urandom)


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "111111111111"])
def test_a_pin_that_counts_or_repeats_is_refused(pin: str):
    with pytest.raises(ConfigError, match="first that anybody tries"):
        hash_pin(pin, os.urandom)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "vigil",
        "Sommer2024!",
        "P4ssw0rd!2024",
        "1q2w3e4r5t6z",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcdefghijklmnopqrstuvwxyz",
        "horsehorsehorsehorsehorse",
        "correcthorsebattery",
        "12345678901234567890",
    ],
)
def test_a_weak_password_is_refused_with_what_it_would_cost(password: str):
    with pytest.raises(ConfigError, match=r"for a thief with ten fast graphics cards .* 10 years are asked"):
        check_password(password)


@pytest.mark.parametrize(
    ("password", "cost"),
    [
        ("correct horse battery staple", "about 223 years"),
        ("lampe tisch wolke fahrrad", "about 28 years"),
        ("k7#mQ2x!vP", "about 24 years"),
        ("Xk29fj2LsPq4aZ", "more than a million years"),
        ("x" + "k7#mQ2x!vP" * 100, "more than a million years"),
    ],
)
def test_a_password_that_lasts_is_told_for_how_long(password: str, cost: str):
    assert check_password(password).startswith(f"{cost} for a thief")


def test_the_words_say_what_the_numbers_are():
    bits = guesses_log2("lampe tisch wolke fahrrad")

    assert bits == 45
    assert 2 ** (bits - 1) / GUESSES_A_S / 31_557_600 > LEAST_YEARS


@pytest.mark.parametrize("password", ["x" * 2000, "two\nlines of quite some length, which would do otherwise"])
def test_a_password_is_one_line_of_bearable_length(password: str):
    with pytest.raises(ConfigError, match="on one line"):
        check_password(password)
