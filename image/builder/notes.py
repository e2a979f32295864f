"""Signed notes (C2SP `signed-note`): who vouches for an image, in lines of text that public tools understand."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import BuildError

ED25519 = b"\x01"
DASH = "\u2014"


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes that anybody may know."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """The line that readers of a note are given beforehand: `name+id+key`."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The text, which must end with a line's end, an empty line, and a signature."""
    if not text.endswith("\n"):
        raise BuildError("a note must end with the end of a line")
    signature = base64.b64encode(key_id(name, public_bytes(key)) + key.sign(text.encode())).decode()
    return f"{text}\n{DASH} {name} {signature}\n"


def open_note(note: str, verifier: str) -> str:
    """
    The text of a note that this verifier's key signed.

    Raises:
        BuildError: if no signature of this key is there, or it is false.
    """
    name, _, rest = verifier.partition("+")
    public = base64.b64decode(rest.partition("+")[2])[1:]
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[:2] == [DASH, name]:
            said = base64.b64decode(words[2])
            if said[:4] == key_id(name, public):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(said[4:], (text + "\n").encode())
                except InvalidSignature as wrong:
                    raise BuildError(f"the signature of {name} is false") from wrong
                return text + "\n"
    raise BuildError(f"no signature of {name}")
