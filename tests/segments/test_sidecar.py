"""Statements: signed, chained, and read back only when nothing about them was changed."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.clock import HandClock
from vigil.errors import Forged, FormatError, SealError, Truncated
from vigil.segments import sidecar
from vigil.segments.note import NoteKey, NoteSigner
from vigil.segments.session import Session, certify, device_id, open_certificate
from vigil.segments.sidecar import CHAIN_START, Chain, read_line, read_lines

OPENED = {"camera": "gate", "seq": 1, "kind": "quiet", "boot": "b", "clock": "synced", "why": "start"}


def chain() -> Chain:
    return Chain(Session(lambda n: bytes(range(n))), HandClock())


def test_lines_name_the_line_before_them():
    writer = chain()
    first, digest = writer.statement("opened", **OPENED)
    writer.written(digest)
    second, _ = writer.statement("idle", mode="motion", state="waiting")

    one, two = read_line(first[:-1]), read_line(second[:-1])
    assert one.prev == CHAIN_START
    assert two.prev == hashlib.sha256(first[:-1]).hexdigest() == one.digest
    assert (one.n, two.n) == (0, 1)
    assert one.fields["camera"] == "gate"


def test_a_line_the_disk_refused_is_followed_by_nothing():
    writer = chain()
    writer.statement("opened", **OPENED)
    again, _ = writer.statement("opened", **OPENED)

    assert read_line(again[:-1]).prev == CHAIN_START


@given(st.integers(0), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_always_noticed(at: int, flip: int):
    line = bytearray(chain().statement("opened", **OPENED)[0][:-1])
    line[at % len(line)] ^= flip

    with pytest.raises(SealError):
        read_line(bytes(line))


def test_a_line_signed_by_somebody_else_under_our_name_is_forged():
    line = json.loads(chain().statement("opened", **OPENED)[0])
    other = Session(os.urandom)
    unsigned = {k: v for k, v in line.items() if k != "sig"}
    line["sig"] = sidecar.b64(other.sign(sidecar.DOMAIN + sidecar.canonical.encode(unsigned)))

    with pytest.raises(Forged):
        read_line(sidecar.canonical.encode(line))


@pytest.mark.parametrize(
    "fields",
    [
        {"camera": 5},
        {"seq": True},
        {"seq": -1},
        {"seq": "1"},
        {"kind": "loud"},
        {"kind": "media"},
    ],
)
def test_a_signed_line_with_a_wrong_field_is_refused(fields: dict):
    line, _ = chain().statement("opened", **{**OPENED, **fields})

    with pytest.raises(FormatError):
        read_line(line[:-1])


def test_an_unknown_kind_of_statement_is_refused_and_unknown_fields_are_not():
    with pytest.raises(FormatError, match="does not know"):
        read_line(chain().statement("prophecy", what="rain")[0][:-1])
    assert read_line(chain().statement("opened", **OPENED, mood="sunny")[0][:-1]).fields["mood"] == "sunny"


def test_a_torn_last_line_is_told_from_a_whole_one():
    whole, _ = chain().statement("opened", **OPENED)

    assert read_lines(whole) == [whole[:-1]]
    assert sidecar.whole_bytes(whole + whole[:20]) == len(whole)
    with pytest.raises(Truncated):
        read_lines(whole + whole[:20])


@given(st.binary(max_size=300))
def test_noise_is_never_a_statement(noise: bytes):
    with pytest.raises(SealError):
        read_line(noise)


def identity() -> NoteSigner:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    return NoteSigner(f"vigil/{device_id(private.public_key().public_bytes_raw())}", private)


def test_a_certificate_says_whose_key_it_is():
    signer, session = identity(), Session(os.urandom)
    note = certify(
        signer, public=session.public, peer="record@gate", boot="b1", root="none", at_us=17, clock="unsynced"
    )

    read = open_certificate(note, signer.key)

    assert (read.public, read.peer, read.at_us, read.clock) == (session.public, "record@gate", 17, "unsynced")
    assert read.device == device_id(signer.key.public)


def test_a_certificate_by_another_box_is_refused():
    signer, session = identity(), Session(os.urandom)
    note = certify(signer, public=session.public, peer="record@gate", boot="b", root="none", at_us=1, clock="synced")

    with pytest.raises(Forged):
        open_certificate(note, NoteKey(signer.key.name, Session(os.urandom).public))
    with pytest.raises(SealError):
        open_certificate(note.replace("record@gate", "record@shed"), signer.key)


def test_a_certificate_cannot_be_made_to_say_two_things():
    signer, session = identity(), Session(os.urandom)
    with pytest.raises(FormatError):
        certify(signer, public=session.public, peer="a\nroot evil", boot="b", root="r", at_us=1, clock="synced")
