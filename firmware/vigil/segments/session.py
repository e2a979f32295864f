"""Who signs: a key that lives in the memory of one process, and the certificate that ties it to this box."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vigil.digest import sha256
from vigil.errors import Forged, FormatError
from vigil.segments.age import b64, unb64
from vigil.segments.note import NoteKey, NoteSigner, open_note, sign_note

CLOCKS = ("synced", "unsynced", "stepped")
_FIELDS = ("key", "peer", "boot", "root", "at", "clock")
_VALUE = re.compile(r"[\x21-\x7e]{1,200}")


class Session:
    """A fresh Ed25519 key. It is never written anywhere and dies with its process."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(random_bytes(32))
        self.public = self._private.public_key().public_bytes_raw()
        self.certificate: str | None = None

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over `message`."""
        return self._private.sign(message)

    def note_signer(self, name: str) -> NoteSigner:
        """Return the same key as a signer of notes called `name`."""
        return NoteSigner(name, self._private)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the identity said of a session key: whose process, which boot, which system, when."""

    device: str
    public: bytes
    peer: str
    boot: str
    root: str
    at_us: int
    clock: str


def device_id(identity: bytes) -> str:
    """Return the box's name for itself: it follows from the identity's public key, so nobody can take it."""
    return sha256(identity).hex()[:16]


def identity_name(device: str) -> str:
    """Return the name under which the identity of `device` signs notes."""
    return f"vigil/{device}"


def certify(identity: NoteSigner, *, public: bytes, peer: str, boot: str, root: str, at_us: int, clock: str) -> str:
    """Return the signed certificate for the session key `public` (32 bytes) of the process `peer`."""
    device = device_id(identity.key.public)
    values = (b64(public), peer, boot, root, str(at_us), clock)
    if clock not in CLOCKS or not all(_VALUE.fullmatch(v) for v in values):
        raise FormatError("a certificate's values are words without spaces")
    lines = [f"vigil/{device}/session", *(f"{name} {value}" for name, value in zip(_FIELDS, values, strict=True))]
    return sign_note("\n".join(lines) + "\n", identity)


def open_certificate(note: str, identity: NoteKey) -> Certificate:
    """Return what `note` certifies. Raises `Forged` where `identity` did not sign it, else `FormatError`."""
    text = open_note(note, [identity]).text
    device = device_id(identity.public)
    lines = text.splitlines()
    names = tuple(line.partition(" ")[0] for line in lines[1:])
    values = [line.partition(" ")[2] for line in lines[1:]]
    if lines[0] != f"vigil/{device}/session" or names != _FIELDS or not all(_VALUE.fullmatch(v) for v in values):
        raise FormatError("this note is signed, but it is not a session certificate")
    key, peer, boot, root, at, clock = values
    public = unb64(key)
    if len(public) != 32 or not re.fullmatch("[0-9]{1,16}", at) or clock not in CLOCKS:
        raise FormatError("this session certificate holds a value that is not possible")
    return Certificate(device, public, peer, boot, root, int(at), clock)


def check_signature(public: bytes, message: bytes, signature: bytes) -> None:
    """Raise `Forged` unless `signature` is by the Ed25519 key `public` over `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Forged("the signature does not belong to these words") from None
