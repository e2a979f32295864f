"""Saying who we are to a network camera: Basic and Digest (RFC 2617, RFC 7616). Pure; the password stays in here."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from cryptography.hazmat.primitives.hashes import MD5, SHA256, Hash

_HASHES: dict[str, type[MD5 | SHA256]] = {"md5": MD5, "sha-256": SHA256}
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z]+)\s+(?=[A-Za-z]+\s*=)")
_FIELD = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and the password, which is never shown."""

    user: str
    password: str = field(repr=False)


def split_address(address: str) -> tuple[str, Credentials | None]:
    """Return an address without user and password, and these. Raises `ValueError` for what is no address."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    if parts.username is None:
        return bare, None
    return bare, Credentials(unquote(parts.username), unquote(parts.password or ""))


@dataclass(frozen=True, slots=True)
class Challenge:
    """How a camera wants to be told: `scheme` in lower case, its fields, and for Digest its algorithm in lower case."""

    scheme: str
    fields: dict[str, str]
    algorithm: str = ""


def challenge(headers: Sequence[str]) -> Challenge | None:
    """Return the best of the ways that `WWW-Authenticate` headers offer, None where we know none of them."""
    known = [one for header in headers for one in _offered(header)]
    return max(known, key=lambda one: ("", *_HASHES).index(one.algorithm), default=None)


def _offered(header: str) -> list[Challenge]:
    begins = [*_SCHEME.finditer(header)]
    ends = [*(begin.start() for begin in begins), len(header)][1:]
    found = []
    for begin, end in zip(begins, ends, strict=False):
        scheme = begin.group(1).lower()
        fields = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _FIELD.findall(header[begin.end() : end])
        }
        algorithm = fields.get("algorithm", "MD5").lower()
        qop = [word.strip().lower() for word in fields.get("qop", "auth").split(",")]
        if scheme == "basic":
            found.append(Challenge(scheme, fields))
        elif scheme == "digest" and "auth" in qop and "nonce" in fields and algorithm in _HASHES:
            found.append(Challenge(scheme, fields, algorithm))
    return found


class Speaker:
    """
    Who speaks to one camera: adds what it wants to hear to each request.

    `random_bytes` makes the client's own part of a Digest answer.
    """

    def __init__(self, credentials: Credentials | None, random_bytes: Callable[[int], bytes]) -> None:
        self._credentials = credentials
        self._random_bytes = random_bytes
        self._challenge: Challenge | None = None
        self._used = 0

    def refused(self, headers: Sequence[str]) -> bool:
        """
        Note that a request was refused (401); say whether it makes sense to ask again.

        It does when we had not said who we are, when the camera calls the nonce
        stale, or when the nonce had served before: some cameras change it
        without a word (SharpRTSP issue 126). A fresh nonce that is refused means
        a wrong password, and asking on may lock the account.
        """
        fresh = self._challenge is not None and self._used <= 1
        self._challenge = challenge(headers)
        self._used = 0
        if self._credentials is None or self._challenge is None:
            return False
        return not fresh or self._challenge.fields.get("stale", "").lower() == "true"

    def header(self, method: str, uri: str) -> str:
        """Return the value of `Authorization` for a request; empty where nobody asked for it."""
        known, way = self._credentials, self._challenge
        if known is None or way is None:
            return ""
        self._used += 1
        if way.scheme == "basic":
            return "Basic " + base64.b64encode(f"{known.user}:{known.password}".encode()).decode()
        cnonce = self._random_bytes(8).hex() if "qop" in way.fields else ""
        return digest(way, known, method, uri, count=self._used, cnonce=cnonce)


def digest(way: Challenge, known: Credentials, method: str, uri: str, *, count: int, cnonce: str) -> str:
    """Return the Digest answer to a challenge; `cnonce` only where it offers qop (RFC 7616, 3.4.1)."""
    realm, nonce = way.fields.get("realm", ""), way.fields["nonce"]
    secret = _hex(way.algorithm, f"{known.user}:{realm}:{known.password}")
    asked = _hex(way.algorithm, f"{method}:{uri}")
    middle = f"{nonce}:{count:08x}:{cnonce}:auth" if cnonce else nonce
    response = _hex(way.algorithm, f"{secret}:{middle}:{asked}")
    said = [
        f'username="{_quoted(known.user)}"', f'realm="{_quoted(realm)}"', f'nonce="{_quoted(nonce)}"', f'uri="{uri}"',
        f'response="{response}"',
    ]  # fmt: skip
    if "algorithm" in way.fields:
        said.append(f"algorithm={way.fields['algorithm']}")
    if "opaque" in way.fields:
        said.append(f'opaque="{_quoted(way.fields["opaque"])}"')
    if cnonce:
        said += ["qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(said)


def _hex(name: str, text: str) -> str:
    # From the library that is loaded anyway: hashlib would bring a second OpenSSL (vigil/digest.py).
    state = Hash(_HASHES[name]())
    state.update(text.encode())
    return state.finalize().hex()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
