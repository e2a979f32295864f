"""Notes carry signatures that public tools understand, and canonical JSON has one way of writing each thing."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from vigil import errors
from vigil.errors import Forged, FormatError
from vigil.segments import canonical
from vigil.segments.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from vigil.segments.note import NoteKey, NoteSigner, from_base64, open_note, sign_note, split_note

VECTORS = sorted((Path(__file__).parents[1] / "vectors/note").iterdir())
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = NoteSigner("box", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def read_vector(path):
    head, note = path.read_text(encoding="utf-8").split("\n\n", 1)
    fields = [line.split(": ", 1) for line in head.split("\n")]
    keys = [NoteKey.parse(value) for name, value in fields if name == "key"]
    return dict(fields), keys, note


def test_there_are_vectors():
    assert len(VECTORS) >= 15


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
def test_a_note_opens_as_its_vector_says(path):
    expect, keys, note = read_vector(path)
    if expect["expect"] == "ok":
        opened = open_note(note, keys)
        assert " ".join(key.name for key in opened.verified) == expect["verified"]
        assert str(opened.unknown) == expect["unknown"]
        assert note.startswith(opened.text + "\n")
    else:
        with pytest.raises(getattr(errors, expect["expect"])):
            open_note(note, keys)


def test_a_note_is_signed_to_the_letter_as_others_sign_it():
    # The private key of the tests of the Go checksum database, whose answer is the vector's.
    seed = from_base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    signer = NoteSigner("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    _, _, note = read_vector(next(path for path in VECTORS if path.name == "one-known-one-unknown"))
    text, _ = split_note(note)

    assert signer.key.text() == PETER
    assert sign_note(text, signer) == note[: note.index("— EnochRoot")]


def test_a_note_by_two_is_opened_by_either():
    other = NoteSigner("other", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = sign_note("a\n\nb\n", SIGNER, other)

    assert open_note(note, [SIGNER.key]).unknown == 1
    assert open_note(note, [other.key, SIGNER.key]).verified == (SIGNER.key, other.key)
    assert open_note(note, [other.key]).text == "a\n\nb\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_can_be_signed(text):
    note = sign_note(text + "\n", SIGNER)
    assert open_note(note, [SIGNER.key]).text == text + "\n"


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "half a character \ud800\n"])
def test_what_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(FormatError):
        sign_note(text, SIGNER)


def test_a_note_by_nobody_is_none():
    with pytest.raises(FormatError, match="at least one"):
        sign_note("text\n")


def test_a_note_has_an_end():
    note = sign_note("text\n", SIGNER)
    line = note.split("\n")[2] + "\n"
    with pytest.raises(FormatError, match="more than 100"):
        open_note(note + line * 100, [SIGNER.key])
    with pytest.raises(FormatError, match="too long"):
        open_note("x" * 1_000_001, [SIGNER.key])
    assert open_note(note + line * 99, [SIGNER.key]).verified == (SIGNER.key,)


def test_a_key_is_read_as_it_was_written_and_in_no_other_way():
    assert NoteKey.parse(SIGNER.key.text()) == SIGNER.key
    for start in range(len(PETER)):
        for end in range(start + 1, len(PETER) + 1):
            if (start, end) != (0, len(PETER)):
                with pytest.raises(FormatError):
                    NoteKey.parse(PETER[start:end])


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "é",
    ],
)
def test_a_key_of_another_kind_is_refused(text):
    with pytest.raises(FormatError):
        NoteKey.parse(text)


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_as_it_was_written(size, root):
    checkpoint = Checkpoint("vigil/box/log", size, root)
    note = sign_note(checkpoint.text(), SIGNER)

    assert open_checkpoint(note, [SIGNER.key]) == checkpoint
    assert peek_checkpoint(note) == checkpoint


ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "text",
    [
        f"origin\n07\n{ROOT}\n",
        f"origin\n-7\n{ROOT}\n",
        f"origin\n٧\n{ROOT}\n",
        f"origin\n{2**53 + 1}\n{ROOT}\n",
        f"origin\n{'9' * 5000}\n{ROOT}\n",
        f"origin\n7\n{ROOT[:-4]}\n",
        f"origin\n7\n{ROOT}\nmore\n",
        f"\n7\n{ROOT}\n",
        "origin\n7\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(FormatError):
        Checkpoint.parse(text)


def test_a_checkpoint_by_a_stranger_is_forged():
    note = sign_note(Checkpoint("origin", 0, bytes(32)).text(), SIGNER)
    with pytest.raises(Forged):
        open_checkpoint(note, [NoteKey.parse(PETER)])


# ---- canonical JSON


@given(json_values)
def test_what_was_written_is_read_again(value):
    assert canonical.decode(canonical.encode(value)) == value
    assert json.loads(canonical.encode(value)) == value


def test_the_example_of_rfc_8785_is_sorted_and_escaped_as_there():
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    order = list(json.loads(canonical.encode(keys)).values())
    assert order == [2, 4, 6, 7, 1, 5, 3]

    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    assert canonical.encode([text]) == '["\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1 ",
        b"01",
        b"-0",
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b"9007199254740993",
        b"-9007199254740993",
        b"9" * 5000,
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\n"',
        b"\xef\xbb\xbf1",
        "1".encode("utf-16"),
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b"truth",
    ],
)
def test_every_other_way_of_writing_is_refused(data):
    with pytest.raises(FormatError):
        canonical.decode(data)


def test_depth_and_length_have_their_limits():
    assert canonical.decode(b"[" * 32 + b"]" * 32)
    assert canonical.decode(b"[1]", limit_bytes=3) == [1]
    with pytest.raises(FormatError, match="4 bytes"):
        canonical.decode(b"[12]", limit_bytes=3)


@pytest.mark.parametrize("value", [1.0, {1: 2}, b"bytes", {"a": {1, 2}}, "\ud800", {"\ud800": 1}, 2**53 + 1])
def test_what_has_no_canonical_form_is_not_written(value):
    with pytest.raises(FormatError):
        canonical.encode(value)


@given(st.binary(max_size=60))
def test_rubbish_is_refused_or_comes_back_the_same(data):
    try:
        value = canonical.decode(data)
    except FormatError:
        return
    assert canonical.encode(value) == data
