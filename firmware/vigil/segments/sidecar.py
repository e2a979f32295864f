"""
The statements beside a segment: written, signed and chained as things happen; and read back.

The format is docs/spec/sidecar.md. Bytes only: `store/sidecar_file.py` puts them on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigil.clock import Clock
from vigil.digest import sha256
from vigil.errors import FormatError, Truncated
from vigil.segments import canonical
from vigil.segments.age import b64, unb64
from vigil.segments.session import Session, check_signature

DOMAIN = b"vigil sidecar line\n"
CHAIN_START = "0" * 64
LINE_LIMIT_BYTES = 32_768
FINAL = ("sealed", "recovered")
_COMMON = {"type": str, "n": int, "prev": str, "at_us": int, "steady_us": int, "key": str}
_ENDS = {"bytes": int, "frames": int, "media": int, "end_us": int}
REQUIRED: dict[str, dict[str, type]] = {
    "opened": {"camera": str, "seq": int, "kind": str, "boot": str, "clock": str, "why": str},
    "certified": {"cert": str},
    "flushed": {**_ENDS, "sha256": str, "closer": str},
    "motion": {"state": str},
    "event": {"name": str, "state": str},
    "idle": {"mode": str, "state": str},
    "gap": {"from_us": int, "why": str},
    "clock": {"step_us": int, "trust": str},
    "paused": {"who": str},
    "resumed": {"who": str},
    "deleted": {"seq": int, "last": str, "bytes": int, "why": str},
    "marked": {"seq": int, "why": str},
    "sealed": {**_ENDS, "why": str},
    "recovered": {**_ENDS, "tail_bytes": int, "damaged": bool, "by_boot": str},
}
_MEDIA_OPENED: dict[str, type] = {"recipients": list, "codec": dict, "start_us": int}


@dataclass(frozen=True, slots=True)
class Statement:
    """One line that parsed and whose signature is by the key it names. `digest` is hex SHA-256 of the line."""

    type: str
    n: int
    prev: str
    at_us: int
    steady_us: int
    key: bytes
    fields: Mapping[str, Any]
    digest: str


class Chain:
    """
    Writes statements: each names the one before it.

    A `Chain` is handed the digest of the camera's last line (`CHAIN_START`
    for the first ever) and moves on only when the caller says that a line is
    on the disk, so a line the disk refused is not followed by anything.
    """

    def __init__(self, session: Session, clock: Clock, *, prev: str = CHAIN_START, n: int = 0) -> None:
        self._session = session
        self._clock = clock
        self.prev = prev
        self.n = n

    def statement(self, type_: str, **fields: Any) -> tuple[bytes, str]:
        """Return the signed line (with its LF) and its digest. Fields that are None are left out."""
        said = {name: value for name, value in fields.items() if value is not None}
        line = {
            **said,
            "type": type_,
            "n": self.n,
            "prev": self.prev,
            "at_us": self._clock.wall_us(),
            "steady_us": self._clock.steady_us(),
            "key": b64(self._session.public),
        }
        line["sig"] = b64(self._session.sign(DOMAIN + canonical.encode(line)))
        data = canonical.encode(line)
        return data + b"\n", sha256(data).hex()

    def written(self, digest: str) -> None:
        """Move on: the line with `digest` is on the disk."""
        self.prev = digest
        self.n += 1

    def next_file(self) -> None:
        """Begin a new sidecar: lines are numbered from 0 again, the chain goes on."""
        self.n = 0


def read_line(data: bytes) -> Statement:
    """Parse one line (without LF). Raises `FormatError`, or `Forged` where the signature is wrong."""
    line = canonical.decode(data, limit_bytes=LINE_LIMIT_BYTES)
    if not isinstance(line, dict):
        raise FormatError("a statement must be an object")
    _check_fields(line, _COMMON)
    required = REQUIRED.get(line["type"])
    if required is None:
        raise FormatError(f"a statement of a kind this program does not know: {line['type']!r}")
    _check_fields(line, required)
    if line["type"] == "opened":
        _check_opened(line)
    key, signature = unb64(line["key"]), unb64(_text(line.pop("sig", None), "sig"))
    check_signature(key, DOMAIN + canonical.encode(line), signature)
    return Statement(
        line["type"], line["n"], line["prev"], line["at_us"], line["steady_us"], key,
        {name: value for name, value in line.items() if name not in _COMMON},
        sha256(data).hex(),
    )  # fmt: skip


def content(data: bytes) -> bytes:
    """Return what is written in a sidecar: everything before the first NUL; room made in advance lies behind it."""
    end = data.find(b"\0")
    return data if end < 0 else data[:end]


def read_lines(data: bytes) -> list[bytes]:
    """
    Split a sidecar into its lines.

    Raises `Truncated` where the last line has no LF: it was never acknowledged.
    """
    data = content(data)
    if data and not data.endswith(b"\n"):
        raise Truncated("the last statement of this sidecar is torn")
    return data.split(b"\n")[:-1]


def whole_bytes(data: bytes) -> int:
    """Return how many bytes of a sidecar are whole lines."""
    return content(data).rfind(b"\n") + 1


def _check_opened(line: Mapping[str, Any]) -> None:
    if line["kind"] not in ("media", "quiet"):
        raise FormatError("a sidecar opens for 'media' or as 'quiet'")
    if line["kind"] == "media":
        _check_fields(line, _MEDIA_OPENED)


def _check_fields(line: Mapping[str, Any], types: Mapping[str, type]) -> None:
    for name, type_ in types.items():
        value = line.get(name)
        # bool is an int to Python, and never to us; only a step of the clock goes backwards
        if not isinstance(value, type_) or (type_ is int and (isinstance(value, bool) or not _fits(name, value))):
            raise FormatError(f"a statement's {name!r} is missing or not what it must be")


def _fits(name: str, value: Any) -> bool:
    return bool(value >= 0 or name == "step_us")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise FormatError(f"a statement's {name!r} is missing or not what it must be")
    return value
