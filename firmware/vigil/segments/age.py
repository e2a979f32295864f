"""
Age files: who may open them, and the key inside.

The header of C2SP `age.md` (age-encryption.org/v1): X25519 and scrypt stanzas
and the header's MAC. The payload is `stream.py`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vigil import bech32
from vigil.digest import hmac_sha256, is_hmac_sha256
from vigil.errors import Forged, FormatError, Truncated, WrongKey
from vigil.segments import stream

RandomBytes = Callable[[int], bytes]

_VERSION = b"age-encryption.org/v1\n"
_X25519_INFO = b"age-encryption.org/v1/X25519"
_SCRYPT_SALT = b"age-encryption.org/v1/scrypt"
_ZERO_NONCE = bytes(12)
_PRINTABLE = re.compile(rb"[\x21-\x7e]+")
_HEADER_LIMIT = 1 << 16
"""More than a thousand recipients; a header without an end must not fill the memory."""
_SCRYPT_MOST = 20
"""The highest work factor we accept: 2^20 takes 1 GiB and seconds. The default for what we write is 2^16, 64 MiB."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who will be able to open what is sealed now: the public half of an `Identity`."""

    public: bytes

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Read ``age1…``. Raises `FormatError`."""
        prefix, data = bech32.decode(text)
        if prefix != "age" or len(data) != 32:
            raise FormatError(f"{text[:12]}… is not an age recipient (they begin with age1)")
        return cls(data)

    def __str__(self) -> str:
        return bech32.encode("age", self.public)

    def wrap(self, file_key: bytes, random_bytes: RandomBytes) -> Stanza:
        """Return the stanza with which only this recipient finds `file_key`."""
        ephemeral = X25519PrivateKey.from_private_bytes(random_bytes(32))
        share = ephemeral.public_key().public_bytes_raw()
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        except ValueError:
            raise FormatError(f"{self} is not a usable recipient (a point of low order)") from None
        body = ChaCha20Poly1305(_x25519_key(shared, share, self.public)).encrypt(_ZERO_NONCE, file_key, None)
        return Stanza(("X25519", b64(share)), body)


@dataclass(frozen=True, slots=True)
class Identity:
    """The private half: opens what was sealed to its recipient. Never on the recorder."""

    private: bytes

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> Identity:
        """Make a new one."""
        return cls(random_bytes(32))

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``AGE-SECRET-KEY-1…``. Raises `FormatError`."""
        prefix, data = bech32.decode(text)
        if prefix != "age-secret-key-" or len(data) != 32:
            raise FormatError("this is not an age identity (they begin with AGE-SECRET-KEY-1)")
        return cls(data)

    @property
    def recipient(self) -> Recipient:
        """The public half."""
        return Recipient(X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw())

    def text(self) -> str:
        """Return the secret as age writes it. Only ever for the owner's own file."""
        return bech32.encode("age-secret-key-", self.private).upper()

    def __repr__(self) -> str:
        return f"Identity(for {self.recipient})"

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key where `stanza` is ours, None where it is somebody else's."""
        if stanza.arguments[0] != "X25519":
            return None
        if len(stanza.arguments) != 2:
            raise FormatError("an X25519 stanza must have one argument")
        share = unb64(stanza.arguments[1])
        if len(share) != 32 or len(stanza.body) != 32:
            raise FormatError("an X25519 stanza has the wrong size")
        private = X25519PrivateKey.from_private_bytes(self.private)
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise FormatError("an X25519 stanza holds a point of low order") from None
        key = _x25519_key(shared, share, private.public_key().public_bytes_raw())
        try:
            return ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, stanza.body, None)
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase, alone on its file (scrypt stanza). `log_n` is the work factor for what we seal."""

    text: str
    log_n: int = 16

    def __repr__(self) -> str:
        return "Passphrase(…)"

    def wrap(self, file_key: bytes, random_bytes: RandomBytes) -> Stanza:
        """Return the scrypt stanza for `file_key`."""
        salt = random_bytes(16)
        body = ChaCha20Poly1305(self._key(salt, self.log_n)).encrypt(_ZERO_NONCE, file_key, None)
        return Stanza(("scrypt", b64(salt), str(self.log_n)), body)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key where the passphrase is right, None where it is not."""
        if stanza.arguments[0] != "scrypt":
            return None
        if len(stanza.arguments) != 3 or not re.fullmatch("[1-9][0-9]?", stanza.arguments[2]):
            raise FormatError("a scrypt stanza must have a salt and a work factor")
        salt, log_n = unb64(stanza.arguments[1]), int(stanza.arguments[2])
        if len(salt) != 16 or len(stanza.body) != 32:
            raise FormatError("a scrypt stanza has the wrong size")
        if log_n > _SCRYPT_MOST:
            raise FormatError(f"the passphrase's work factor 2^{log_n} is more than this program will spend")
        try:
            return ChaCha20Poly1305(self._key(salt, log_n)).decrypt(_ZERO_NONCE, stanza.body, None)
        except InvalidTag:
            return None

    def _key(self, salt: bytes, log_n: int) -> bytes:
        import hashlib

        n = 1 << log_n
        return hashlib.scrypt(
            self.text.encode(), salt=_SCRYPT_SALT + salt, n=n, r=8, p=1, dklen=32, maxmem=128 * 8 * (n + 16) + (1 << 20)
        )


@dataclass(frozen=True, slots=True)
class Stanza:
    """One way to the file key. `arguments[0]` is the kind."""

    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        """Return the stanza as it stands in a header: the last line of the body is always shorter than 64."""
        text = b64(self.body)
        lines = [text[i : i + 64] for i in range(0, len(text) + 1, 64)]
        return ("-> " + " ".join(self.arguments) + "\n" + "\n".join(lines) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header; `size` counts its bytes, the 16-byte payload nonce behind it not included."""

    stanzas: tuple[Stanza, ...]
    signed: bytes
    mac: bytes
    size: int

    def file_key(self, keys: Sequence[Identity | Passphrase]) -> bytes:
        """
        Return the file key that one of `keys` opens.

        Raises `WrongKey` where none does, `Forged` where the header was changed.
        """
        scrypt = [s for s in self.stanzas if s.arguments[0] == "scrypt"]
        if scrypt and len(self.stanzas) > 1:
            raise FormatError("a passphrase must be alone on its file")
        for stanza in self.stanzas:
            for key in keys:
                if (found := key.unwrap(stanza)) is None:
                    continue
                if not is_hmac_sha256(self.mac, _mac_key(found), self.signed):
                    raise Forged("the header of this age file was changed")
                return found
        raise WrongKey("none of the keys given opens this file; it was sealed to " + (self.sealed_to() or "nobody"))

    def sealed_to(self) -> str:
        """Say how many recipients of which kind there are."""
        kinds = [stanza.arguments[0] for stanza in self.stanzas]
        return ", ".join(f"{kinds.count(kind)} × {kind}" for kind in dict.fromkeys(kinds))


def new_header(to: Sequence[Recipient | Passphrase], random_bytes: RandomBytes) -> tuple[bytes, stream.PayloadKey]:
    """Return a header for everybody in `to` with the payload nonce behind it, and the payload key."""
    if not to:
        raise FormatError("there is nobody to seal for: a recording needs at least one recipient")
    file_key = random_bytes(16)
    signed = _VERSION + b"".join(one.wrap(file_key, random_bytes).encode() for one in to) + b"---"
    nonce = random_bytes(16)
    return signed + b" " + b64(hmac_sha256(_mac_key(file_key), signed)).encode() + b"\n" + nonce, stream.payload_key(
        file_key, nonce
    )


def read_header(data: bytes) -> Header:
    """Parse the header at the start of `data`. Raises `FormatError`, or `Truncated` where more bytes are needed."""
    lines = _Lines(data)
    if lines.next() != _VERSION[:-1]:
        raise FormatError("this is not an age file")
    stanzas: list[Stanza] = []
    while not (line := lines.next()).startswith(b"---"):
        stanzas.append(_read_stanza(line, lines))
    if not stanzas:
        raise FormatError("an age header without any stanza")
    found = re.fullmatch(rb"--- ([A-Za-z0-9+/]{43})", line)
    if not found:
        raise FormatError("an age header does not end as it must")
    mac_at = lines.offset - len(line) - 1
    return Header(tuple(stanzas), data[: mac_at + 3], unb64(found[1].decode()), lines.offset)


def seal_with_passphrase(plaintext: bytes, passphrase: str, *, log_n: int = 16, random_bytes: RandomBytes) -> bytes:
    """Return a small age file that `passphrase` opens (also with the `age` program)."""
    header, key = new_header([Passphrase(passphrase, log_n)], random_bytes)
    return header + stream.seal(key, plaintext)


def open_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """Return the plaintext of a small age file. Raises `WrongKey`, `Forged`, `FormatError` or `Truncated`."""
    return open_bytes(data, [Passphrase(passphrase)])


def open_bytes(data: bytes, keys: Sequence[Identity | Passphrase]) -> bytes:
    """Return the plaintext of an age file that fits in memory."""
    header = read_header(data)
    file_key = header.file_key(keys)
    nonce = data[header.size : header.size + 16]
    if len(nonce) < 16:
        raise Truncated("this age file ends before its first chunk")
    return stream.open_all(stream.payload_key(file_key, nonce), data[header.size + 16 :])


def read_identities(text: str) -> list[Identity]:
    """Read an identity file: one key a line, empty lines and lines with # left out. Raises `FormatError`."""
    lines = [line.strip() for line in text.splitlines()]
    found = [Identity.parse(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise FormatError("there is no age identity in this file (a line that begins with AGE-SECRET-KEY-1)")
    return found


def b64(data: bytes) -> str:
    """Return standard base64 without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Read standard base64 without padding; every other spelling of the same bytes is refused."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("this is not base64") from None
    if b64(data) != text:
        raise FormatError("this base64 is not in its canonical form")
    return data


class _Lines:
    """The lines of a header, none of them decoded before it is whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    def next(self) -> bytes:
        end = self._data.find(b"\n", self.offset, _HEADER_LIMIT)
        if end < 0:
            if len(self._data) >= _HEADER_LIMIT or not self._looks_like_age():
                raise FormatError("this is not an age file, or its header does not end")
            raise Truncated("this age file ends inside its header")
        line, self.offset = self._data[self.offset : end], end + 1
        return line

    def _looks_like_age(self) -> bool:
        head = self._data[: len(_VERSION)]
        return _VERSION.startswith(head)


def _read_stanza(line: bytes, lines: _Lines) -> Stanza:
    arguments = line[3:].split(b" ")
    if not line.startswith(b"-> ") or not all(_PRINTABLE.fullmatch(a) for a in arguments):
        raise FormatError("an age stanza does not begin as it must")
    text = b""
    while True:
        part = lines.next()
        if len(part) > 64 or not re.fullmatch(rb"[A-Za-z0-9+/]*", part):
            raise FormatError("an age stanza holds a line that is not base64 of at most 64 characters")
        text += part
        if len(part) < 64:
            return Stanza(tuple(a.decode() for a in arguments), unb64(text.decode()))


def _x25519_key(shared: bytes, share: bytes, public: bytes) -> bytes:
    return HKDF(SHA256(), 32, share + public, _X25519_INFO).derive(shared)


def _mac_key(file_key: bytes) -> bytes:
    return HKDF(SHA256(), 32, b"", b"header").derive(file_key)
