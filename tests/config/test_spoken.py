"""Passphrases that are written down and said aloud: read back however they are spaced, and slips are noticed."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.config.secrets import hash_passphrase, passphrase_matches
from vigil.config.spoken import new_passphrase, read_passphrase
from vigil.errors import ConfigError

SECRETS = st.binary(min_size=10, max_size=10)


@given(SECRETS)
def test_it_is_six_words_of_five_letters_and_reads_back(secret):
    passphrase = new_passphrase(lambda size: secret[:size])

    assert re.fullmatch(r"([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz](-(..){2}.){5}", passphrase)
    assert read_passphrase(passphrase) == passphrase
    assert read_passphrase(passphrase.replace("-", "  ").upper() + "\n") == passphrase
    assert read_passphrase(passphrase.replace("-", "")) == passphrase


@pytest.mark.parametrize(
    ("quads", "words"),
    [((127, 0, 0, 1), "lusab-babad"), ((63, 84, 220, 193), "gutih-tugad"), ((63, 118, 7, 35), "gutuk-bisog")],
)
def test_the_words_are_those_of_the_paper(quads, words):
    """Its examples are addresses; the rest is zeros."""
    assert new_passphrase(lambda size: bytes(quads).ljust(size, b"\0")).startswith(words)


@given(SECRETS, st.integers(0, 29), st.sampled_from("abdfghijklmnoprstuvz"))
def test_a_slip_of_the_pen_is_noticed(secret, place, letter):
    letters = new_passphrase(lambda size: secret[:size]).replace("-", "")
    slip = letters[:place] + letter + letters[place + 1 :]
    if slip == letters:
        return
    try:
        # One letter is at most four bits, so that it meets the check by chance once in 65,536 at most.
        assert read_passphrase(slip).replace("-", "") == slip
    except ConfigError as error:
        assert "look at the paper again" in str(error)


@pytest.mark.parametrize("text", ["", "lusab", "lusab-babad-gutih-tugad-mudof-sakat-x", "a" * 30, "ü" * 30])
def test_what_is_no_passphrase_is_said_to_be_none(text):
    with pytest.raises(ConfigError):
        read_passphrase(text)


def test_only_the_right_one_matches_its_hash():
    right, wrong = new_passphrase(os.urandom), new_passphrase(os.urandom)
    kept = hash_passphrase(right, os.urandom)

    assert passphrase_matches(right.replace("-", " "), kept)
    assert not passphrase_matches(wrong, kept)
