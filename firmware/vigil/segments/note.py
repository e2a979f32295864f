"""
Notes: short texts that carry the signatures of those who stand for them.

The form is C2SP `signed-note` with Ed25519 (signature type 1), the one that
transparency logs and their witnesses use, so public tools can check ours.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vigil.digest import sha256
from vigil.errors import Forged, FormatError

ED25519 = b"\x01"
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """The public half of a key that signs notes: `name` without spaces or plus, `public` 32 bytes of Ed25519."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != 32:
            raise FormatError(f"an Ed25519 public key has 32 bytes, not {len(self.public)}")

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, public key); they pick the key, they prove nothing."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public)[:4]

    def text(self) -> str:
        """Return the key as one word to hand around ("vkey"): name+id+base64(type, public key)."""
        return f"{self.name}+{self.id.hex()}+{_to_base64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Read what `text` wrote; raises `FormatError` where it is malformed or of another signature type."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = from_base64(encoded)
        if material[:1] != ED25519:
            raise FormatError("this verifier key is not an Ed25519 note key (signature type 1)")
        key = cls(name, material[1:])
        if key.id.hex() != key_id:
            raise FormatError("the id in this verifier key does not belong to its name and public key")
        return key

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raise `Forged` unless `signature` (64 bytes) is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise Forged(f"a signature in the name of {self.name} does not verify") from error


class NoteSigner:
    """The private half."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = NoteKey(name, private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature (RFC 8032) over `message`."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose signatures were checked; `unknown` counts those by keys we were not given."""

    text: str
    verified: tuple[NoteKey, ...]
    unknown: int


def sign_note(text: str, *signers: NoteSigner) -> str:
    """Return the signed note; `text` ends in a newline and has no other control characters."""
    check_text(text)
    if not signers:
        raise FormatError("a note needs at least one signature")
    message = text.encode()
    lines = (f"{_DASH}{s.key.name} {_to_base64(s.key.id + s.sign(message))}\n" for s in signers)
    return text + "\n" + "".join(lines)


def open_note(note: str, keys: Iterable[NoteKey]) -> OpenedNote:
    """
    Return the text of `note` once it is proven to be signed by one of `keys`.

    Raises `FormatError` where the note is malformed, `Forged` where a signature
    by one of `keys` does not verify or none of `keys` signed.
    """
    text, signatures = split_note(note)
    known = {(key.name, key.id): key for key in keys}
    message = text.encode()
    verified: dict[NoteKey, None] = {}
    unknown = 0
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            unknown += 1
            continue
        key.verify(message, signature)
        verified[key] = None
    if not verified:
        raise Forged("none of the keys we trust signed this note")
    return OpenedNote(text, tuple(verified), unknown)


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text and the (name, key id, signature) of each signature line, nothing of it verified yet."""
    if len(note) > MAX_NOTE_BYTES:
        raise FormatError(f"a note of {len(note)} characters is too long")
    if _CONTROL.search(note):
        raise FormatError("a note holds no control characters but newlines")
    end = note.rfind("\n\n")
    if end < 0:
        raise FormatError("this note has no blank line between its text and its signatures")
    text, tail = note[: end + 1], note[end + 2 :]
    check_text(text)
    if not tail.endswith("\n"):
        raise FormatError("the signatures of this note do not end in a newline")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise FormatError(f"a note with {len(lines)} signatures has more than {MAX_SIGNATURES}")
    return text, [_signature(line) for line in lines]


def check_text(text: str) -> None:
    """Raise `FormatError` where `text` cannot be the text of a note."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise FormatError("the text of a note ends in a newline and holds no other control characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FormatError("the text of a note is not valid Unicode") from error


def check_name(name: str) -> None:
    """Raise `FormatError` where `name` cannot name a key: empty, or with spaces, plus or control characters."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise FormatError(f"{name!r} cannot name a key: give letters without spaces or plus signs")


def from_base64(text: str) -> bytes:
    """Return the bytes of standard, padded base64; raises `FormatError` for any other way of writing them."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise FormatError(f"{text[:40]!r} is not base64") from error
    if _to_base64(data) != text:
        raise FormatError(f"{text[:40]!r} is not base64 in its usual form")
    return data


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise FormatError(f"{line[:40]!r} is not a signature line")
    check_name(name)
    data = from_base64(encoded)
    if len(data) < 5:
        raise FormatError(f"the signature by {name} is too short")
    return name, data[:4], data[4:]


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
