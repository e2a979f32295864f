"""Our age files, against the `age` program, `pyrage` and the official vectors."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.age_testkit import Vector, vectors
from vigil import bech32
from vigil.errors import FormatError, SealError, Truncated, WrongKey
from vigil.segments import age, stream

KIT = [v for v in vectors() if not v.armored]
LENGTHS = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]


def sealed_to(identity: age.Identity, plaintext: bytes) -> bytes:
    header, key = age.new_header([identity.recipient], os.urandom)
    return header + stream.seal(key, plaintext)


def test_there_are_vectors():
    assert len(KIT) > 80


@pytest.mark.parametrize("vector", KIT, ids=lambda v: v.name)
def test_an_official_vector_gets_the_verdict_it_expects(vector: Vector):
    try:
        keys = [age.Identity.parse(i) for i in vector.identities if i.startswith("AGE-SECRET-KEY-1")]
    except FormatError:
        keys = []
    ours: list[age.Identity | age.Passphrase] = [*keys, *(age.Passphrase(p) for p in vector.passphrases)]
    if vector.expect == "success" and not ours:
        pytest.skip("this vector is sealed to a kind of key that recordings never use (post-quantum or tagged)")

    try:
        plaintext = age.open_bytes(vector.data, ours)
    except WrongKey:
        verdict = "no match"
    except SealError:
        verdict = "failure"
    else:
        verdict = "success"

    if vector.expect == "success":
        assert verdict == "success"
        assert hashlib.sha256(plaintext).hexdigest() == vector.payload_sha256
    elif vector.expect == "no match":
        assert verdict == "no match"
    else:
        assert verdict in ("failure", "no match" if not ours else "failure")


@pytest.mark.parametrize("length", LENGTHS)
def test_the_age_program_opens_what_we_seal(length: int, tmp_path):
    identity = age.Identity.generate(os.urandom)
    (tmp_path / "key").write_text(identity.text() + "\n")
    plaintext = os.urandom(length)

    opened = subprocess.run(
        ["age", "-d", "-i", tmp_path / "key"], input=sealed_to(identity, plaintext), capture_output=True
    )

    assert opened.returncode == 0, opened.stderr
    assert opened.stdout == plaintext


@pytest.mark.parametrize("length", LENGTHS)
def test_we_open_what_the_age_program_seals(length: int):
    identity = age.Identity.generate(os.urandom)
    plaintext = os.urandom(length)

    sealed = subprocess.run(["age", "-r", str(identity.recipient)], input=plaintext, capture_output=True, check=True)

    assert age.open_bytes(sealed.stdout, [identity]) == plaintext


def test_several_recipients_each_open_the_same_file():
    people = [age.Identity.generate(os.urandom) for _ in range(3)]
    header, key = age.new_header([p.recipient for p in people], os.urandom)
    sealed = header + stream.seal(key, b"a walk in the garden")

    for person in people:
        assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(person.text())]) == b"a walk in the garden"
        assert age.open_bytes(sealed, [person]) == b"a walk in the garden"


def test_a_passphrase_file_is_opened_by_other_peoples_age():
    sealed = age.seal_with_passphrase(b"secret", "correct horse", log_n=10, random_bytes=os.urandom)

    assert pyrage.passphrase.decrypt(sealed, "correct horse") == b"secret"
    assert age.open_with_passphrase(sealed, "correct horse") == b"secret"
    with pytest.raises(WrongKey):
        age.open_with_passphrase(sealed, "incorrect horse")


def test_keys_read_and_write_as_the_age_program_does():
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    identity = age.read_identities(made)[0]
    public = next(line for line in made.splitlines() if "public key" in line).split()[-1]

    assert identity.text() in made
    assert str(identity.recipient) == public
    assert age.Recipient.parse(public) == identity.recipient


def test_an_identity_does_not_print_itself():
    identity = age.Identity.generate(os.urandom)

    assert identity.text() not in f"{identity!r} {identity} {age.Passphrase('hush')!r}"
    assert "hush" not in repr(age.Passphrase("hush"))


def test_sealing_for_nobody_is_refused():
    with pytest.raises(FormatError, match="nobody to seal for"):
        age.new_header([], os.urandom)


@pytest.mark.parametrize("wrong", ["age1", "AGE-SECRET-KEY-1", "age1qqqq", "Age1abc", "", "1", "age1\x00", "é1abcdefg"])
def test_a_mistyped_key_is_refused_in_words(wrong: str):
    for parse in (age.Recipient.parse, age.Identity.parse):
        with pytest.raises(FormatError):
            parse(wrong)


@given(st.integers(0, 61), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_wrong_letter_in_a_recipient_is_always_noticed(at: int, letter: str):
    text = str(age.Identity(bytes(range(32))).recipient)
    wrong = text[:at] + letter + text[at + 1 :]

    if wrong != text:
        with pytest.raises(FormatError):
            age.Recipient.parse(wrong)


@given(st.binary(max_size=300), st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_bech32_gives_back_what_it_was_given(data: bytes, prefix: str):
    assert bech32.decode(bech32.encode(prefix, data)) == (prefix, data)


@given(st.binary(max_size=400))
def test_noise_is_never_taken_for_an_age_file(noise: bytes):
    identity = age.Identity(bytes(range(32)))
    for data in (noise, b"age-encryption.org/v1\n" + noise):
        with pytest.raises(SealError):
            age.open_bytes(data, [identity])


@given(st.data())
def test_a_parsed_header_is_the_only_spelling_of_itself(data):
    """Malleability: whatever parses must re-encode to the same bytes."""
    identity = age.Identity(bytes(range(32)))
    header, _ = age.new_header([identity.recipient], lambda n: bytes(n * [7]))
    changed = bytearray(header)
    at = data.draw(st.integers(0, len(changed) - 17))
    changed[at] = data.draw(st.integers(0, 255))
    try:
        read = age.read_header(bytes(changed))
    except SealError:
        return

    again = b"age-encryption.org/v1\n" + b"".join(s.encode() for s in read.stanzas) + b"--- "
    assert again + age.b64(read.mac).encode() + b"\n" == bytes(changed[: read.size])


def test_reading_a_span_opens_only_its_chunks():
    identity = age.Identity.generate(os.urandom)
    _, key = age.new_header([identity.recipient], os.urandom)
    plaintext = os.urandom(10 * stream.CHUNK_BYTES + 5)
    sealed = stream.seal(key, plaintext)
    touched: list[int] = []

    def read_at(offset: int, size: int) -> bytes:
        touched.append(offset // stream.SEALED_CHUNK_BYTES)
        return sealed[offset : offset + size]

    reader = stream.ChunkReader(key, read_at, len(sealed))

    assert reader.read(3 * stream.CHUNK_BYTES + 100, 70_000) == plaintext[3 * stream.CHUNK_BYTES + 100 :][:70_000]
    assert touched == [3, 4]


@pytest.mark.parametrize("cut", [0, 1, 15, 16, 17, 65_551, 65_552, 65_553, 131_104])
def test_a_cut_payload_never_opens_whole(cut: int):
    identity = age.Identity(bytes(range(32)))
    sealed = sealed_to(identity, bytes(150_000))
    head = age.read_header(sealed).size + 16

    with pytest.raises((Truncated, SealError)):
        age.open_bytes(sealed[: head + cut], [identity])
