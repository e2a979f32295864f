"""Whose signature counts on this box: publishers' certificates, those the owner added, without what was revoked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from vigil.errors import FormatError

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_KEY_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One certificate. `key_id`: SHA-256 of its public key, by which it is revoked; `name` is for people."""

    name: str
    key_id: str
    pem: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Keys that count, keys that do no more, and a sentence for each certificate that could not be read."""

    trusted: tuple[Key, ...]
    revoked: tuple[Key, ...]
    problems: tuple[str, ...]

    @property
    def pem(self) -> bytes:
        """What RAUC is given."""
        return b"".join(key.pem for key in self.trusted)

    @property
    def everybody(self) -> bytes:
        """All of them, to tell a signature of a revoked key from a stranger's."""
        return b"".join(key.pem for key in (*self.trusted, *self.revoked))


def read_key(pem: bytes) -> Key:
    """
    Read a certificate. Raises `FormatError` for one that cannot be used: an authority's, for example.

    Each certificate stands for one key that signs. One that may sign certificates is refused, since a key that it
    vouches for could not be revoked.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        limits = x509.BasicConstraints(ca=True, path_length=None)
    except ValueError as error:
        raise FormatError(f"this is not a certificate ({error})") from error
    name = str(names[0].value) if names else "without a name"
    if limits.ca:
        raise FormatError(f"the certificate of {name} may sign other certificates; give that of the key itself")
    return Key(name=name, key_id=hashlib.sha256(public).hexdigest(), pem=certificate.public_bytes(Encoding.PEM))


def make_keyring(sources: Iterable[bytes], revoked: Iterable[str]) -> Keyring:
    """
    Return who counts. `sources` are PEM files of any number of certificates; `revoked` texts that list key ids.

    A key that is revoked in any list is revoked, wherever its certificate comes from.
    """
    out = {key_id for text in revoked for key_id in revoked_ids(text)}
    found: dict[str, Key] = {}
    problems: list[str] = []
    for source in sources:
        for pem in _CERTIFICATE.findall(source):
            try:
                key = read_key(pem)
            except FormatError as error:
                problems.append(str(error))
            else:
                found.setdefault(key.key_id, key)
    return Keyring(
        trusted=tuple(key for key in found.values() if key.key_id not in out),
        revoked=tuple(key for key in found.values() if key.key_id in out),
        problems=tuple(problems),
    )


def revoked_ids(text: str) -> set[str]:
    """The key ids of a list: the first word of each line; what follows it, and lines that begin with #, are words."""
    first = (line.split()[0] for line in text.splitlines() if line.split())
    return {word for word in first if _KEY_ID.fullmatch(word)}
