"""What a sidecar says about its segment, read line by line, and the first thing that is wrong with it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from vigil.errors import Forged, FormatError, SealError
from vigil.segments.note import NoteKey
from vigil.segments.session import Certificate, open_certificate
from vigil.segments.sidecar import FINAL, Statement, content, read_line, whole_bytes
from vigil.segments.verify_words import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Mark:
    """The first `bytes` bytes of the file had the digest `sha256` (hex); its last picture was taken at `end_us`."""

    bytes: int
    sha256: str
    end_us: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A statement, signed by `key`, that segment `seq`, whose last line had the digest `last`, goes on purpose."""

    seq: int
    last: str
    why: str
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    All that a reader needs of one sidecar.

    `opened` is None where line 0 could not be read. `last` is the digest of
    the last whole line, None where there is no line or where that line is
    itself at fault (then nothing can be said about what follows it).
    `keys` are all that signed. `end` is the line after which nothing may
    follow. `fault` is the worst of what is wrong, in the order of the spec.
    """

    opened: Statement | None
    last: str | None
    lines: int
    last_us: int
    keys: frozenset[bytes]
    marks: tuple[Mark, ...]
    end: Statement | None
    deleted: tuple[Deleted, ...]
    certificates: Mapping[bytes, Certificate]
    torn_bytes: int
    fault: Finding | None

    @property
    def start_us(self) -> int:
        """When the first picture was taken, or the first line written where there are no pictures."""
        if self.opened is None:
            return 0
        start = self.opened.fields.get("start_us")
        # Only a `media` sidecar must have it; elsewhere it is a word nobody checked.
        return start if type(start) is int else self.opened.at_us

    @property
    def found_damaged(self) -> bool:
        """Whether a recovery found fewer bytes than had been signed."""
        return self.end is not None and self.end.type == "recovered" and bool(self.end.fields["damaged"])

    @property
    def covered_bytes(self) -> int:
        """How many bytes of the file the last statement about them covers."""
        if self.end is not None:
            return int(self.end.fields["bytes"])
        return self.marks[-1].bytes if self.marks else 0


def read_sidecar(data: bytes, identity: NoteKey | None) -> Account:
    """Read a whole sidecar. Never raises: what is wrong stands in `fault`. Without `identity` no certificate counts."""
    written, whole = content(data), whole_bytes(data)
    reader = _Reader(identity)
    for line in data[:whole].split(b"\n")[:-1]:
        reader.line(line)
    behind = data[whole:].strip(b"\0")
    if behind and reader.end is not None:
        reader.spoiled(f"something was added behind its last line, “{reader.end.type}”")
    elif _has_a_line(data[len(written) :]):
        # Room made in advance is zeros. A line is only written when those before it are durable.
        reader.spoiled("it holds a zero byte, and whole lines follow it")
    return reader.account(torn_bytes=len(written) - whole)


def _has_a_line(room: bytes) -> bool:
    """Whether a signed line stands in what should be room for lines to come."""
    for piece in room.strip(b"\0").split(b"\n"):
        with contextlib.suppress(SealError):
            read_line(piece)
            return True
    return False


@dataclass(slots=True)
class _Reader:
    identity: NoteKey | None
    count: int = 0
    opened: Statement | None = None
    end: Statement | None = None
    _last: str | None = None
    _last_us: int = 0
    _prev: str | None = None
    _good: bool = True
    _keys: set[bytes] = field(default_factory=set)
    _marks: list[Mark] = field(default_factory=list)
    _deleted: list[Deleted] = field(default_factory=list)
    _certificates: dict[bytes, Certificate] = field(default_factory=dict)
    _faults: dict[Verdict, Finding] = field(default_factory=dict)

    def line(self, data: bytes) -> None:
        n, self.count = self.count, self.count + 1
        try:
            said = read_line(data)
        except SealError as error:
            self._fault(Verdict.FORGED if isinstance(error, Forged) else Verdict.BROKEN, n, str(error))
            self._prev, self._last = hashlib.sha256(data).hexdigest(), None
            return
        self._good = True
        self._follows(n, said)
        self._by_the_opener(n, said)
        self._certificate(n, said)
        self._take(n, said)
        self._prev, self._last = said.digest, said.digest if self._good else None
        self._last_us = said.at_us
        self._keys.add(said.key)

    def broken(self, n: int, why: str) -> None:
        self._fault(Verdict.BROKEN, n, why)

    def spoiled(self, why: str) -> None:
        """Note that what stands behind the lines is wrong: so the true last line is not known."""
        self.broken(self.count, why)
        self._last = None

    def account(self, *, torn_bytes: int) -> Account:
        return Account(
            opened=self.opened, last=self._last, lines=self.count, last_us=self._last_us,
            keys=frozenset(self._keys), marks=tuple(self._marks), end=self.end, deleted=tuple(self._deleted),
            certificates=self._certificates, torn_bytes=torn_bytes,
            fault=self._faults.get(Verdict.FORGED) or self._faults.get(Verdict.BROKEN),
        )  # fmt: skip

    def _follows(self, n: int, said: Statement) -> None:
        if said.n != n:
            self.broken(n, f"it was written as line {said.n}: lines were removed, added or moved")
        elif n and said.prev != self._prev:
            self.broken(n, "it was written behind another line than the one that stands before it")
        elif self.end is not None:
            self.broken(n, f"nothing may follow “{self.end.type}”")
        elif (said.type == "opened") != (n == 0):
            self.broken(n, "a sidecar begins with “opened”, once")

    def _by_the_opener(self, n: int, said: Statement) -> None:
        # A recovery runs in a later process, so its one line is by a later key.
        if self.opened is not None and said.key != self.opened.key and said.type != "recovered":
            self._fault(Verdict.FORGED, n, "it is signed by another key than the one that opened this sidecar")

    def _certificate(self, n: int, said: Statement) -> None:
        note = said.fields.get("cert")
        if note is None or self.identity is None:
            return
        try:
            if not isinstance(note, str):
                raise FormatError("its certificate is not a text")
            certificate = open_certificate(note, self.identity)
        except SealError as error:
            self._fault(
                Verdict.FORGED, n, f"the certificate of the key that signed is not by {self.identity.name}: {error}"
            )
            return
        if certificate.public != said.key:
            self._fault(Verdict.FORGED, n, "the certificate it shows is for another key")
            return
        self._certificates[said.key] = certificate

    def _take(self, n: int, said: Statement) -> None:
        if said.type == "opened" and n == 0:
            self.opened = said
        elif said.type == "flushed":
            self._mark(n, said)
        elif said.type == "deleted":
            self._deleted.append(Deleted(said.fields["seq"], said.fields["last"], said.fields["why"], said.key))
        elif said.type in FINAL:
            self._mark(n, said)
            self.end = said

    def _mark(self, n: int, said: Statement) -> None:
        size, digest = said.fields["bytes"], said.fields.get("sha256")
        before = self._marks[-1].bytes if self._marks else 0
        shorter = said.type == "recovered" and said.fields["damaged"]
        if size == 0 and (before == 0 or shorter):
            return
        if not isinstance(digest, str):
            self.broken(n, "it names no digest for the bytes it covers")
            return
        if size < before and not shorter:
            self.broken(n, f"it covers {size} bytes where {before} were covered before")
        self._marks.append(Mark(size, digest, said.fields["end_us"]))

    def _fault(self, verdict: Verdict, n: int, why: str) -> None:
        self._good = False
        # Only the first of each kind: what comes after it is mostly its consequence.
        self._faults.setdefault(verdict, Finding(verdict, f"line {n}: {why}", line=n))
