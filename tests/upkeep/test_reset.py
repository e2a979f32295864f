"""What asks for a reset, what does not, and what is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.configs import KEYS
from vigil.config.model import Config
from vigil.errors import FormatError
from vigil.upkeep.reset import Note, Tier, asked, crossed_out, is_used_up, surplus, voided
from vigil.upkeep.setup_file import blanked, digest, taken_over

SETUP = f'owner_recipient = "{KEYS[0]}"\n[network]\nwifi_name = "home"\nwifi_password = "correct horse"\n'.encode()
PLAIN = f'owner_recipient = "{KEYS[0]}"\n'.encode()


@pytest.mark.parametrize("written", ["settings", "Settings\r\n", " settings \n\n", "\ufeffsettings"])
def test_the_word_is_understood_however_a_pc_writes_it(written):
    assert asked(written.encode()) is Tier.SETTINGS
    assert asked(written.replace("ettings", "ETTINGS").encode()) is Tier.SETTINGS


def test_an_empty_file_asks_for_nothing():
    assert asked(b"") is asked(b" \n") is None
    assert asked(b"everything") is Tier.EVERYTHING


@given(st.binary(max_size=60))
def test_nothing_but_the_very_word_asks(content):
    try:
        tier = asked(content)
    except FormatError as error:
        assert "write `settings` or `everything`" in str(error)
    else:
        assert tier is None or tier.encode() in content.lower()


@pytest.mark.parametrize("content", [b"everything but the videos", b"no settings", b"settings everything", b"yes"])
def test_a_guess_forgets_nothing(content):
    with pytest.raises(FormatError, match="nothing else"):
        asked(content)


@given(st.sampled_from([b"settings", b"Everything\r\n", b"\xef\xbb\xbfeverything\n"]))
def test_what_is_crossed_out_asks_for_nothing_and_keeps_its_place(content):
    assert asked(crossed_out(content)) is None
    assert len(crossed_out(content)) == len(content)


def test_a_note_is_read_as_it_was_written():
    assert Note.decode(Note("card").encode()) == Note("card")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"tier": "everything", "by": "x"}', b"\xff", b"[" * 4000])
def test_a_damaged_note_forgets_nothing(content):
    with pytest.raises(FormatError, match="ask again"):
        Note.decode(content)


def test_settings_go_and_what_was_recorded_and_who_the_box_is_stays():
    goes = ["applied.schema1.toml", "secrets", "users.json", "vigil.schema1.toml", "vigil.toml", "vigil.toml.before"]
    stays = ["identity", "identity.vkey", "index-2.sqlite", "index-2.sqlite-wal", "journal", "reset.json", "store-id"]

    assert surplus([*stays, *goes]) == goes
    assert surplus([*stays, "update"], of_updates=["keys", "record.json", "revoked.txt", "lock"]) == ["update/keys"]


def test_a_set_up_file_that_was_taken_over_is_forgotten_and_a_new_one_is_not():
    old = blanked(SETUP)
    assert is_used_up(old, digest(SETUP))
    assert is_used_up(PLAIN, digest(PLAIN))
    assert not is_used_up(PLAIN, digest(SETUP))
    # The same words with the password filled in again are new.
    assert not is_used_up(SETUP, digest(SETUP))


def test_where_the_box_cannot_be_asked_blanked_passwords_tell_an_old_set_up_file():
    assert is_used_up(blanked(SETUP), None)
    assert not is_used_up(SETUP, None)
    assert not is_used_up(PLAIN, None)


@given(st.binary(min_size=10, max_size=300))
def test_a_forgotten_set_up_file_says_nothing_and_keeps_its_length(setup):
    void = voided(setup)

    assert len(void) == len(setup)
    assert taken_over(void, None) == Config()
