"""One entry of the journal: a thing that happened, as the one line that is hashed and kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vigil.errors import FormatError
from vigil.segments import canonical
from vigil.segments.note import from_base64

MAX_LINE_BYTES = 1 << 16
"""The longest entry, its LF included."""
CLOCKS = ("synced", "unsynced", "stepped")
SALT_BYTES = 16
OWN_KEYS = frozenset({"at_us", "clock", "kind", "salt", "seq"})
KIND = re.compile(r"[a-z_]+(\.[a-z_]+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """Entry `seq` of the log `log_id`; `fields` are the keys of its kind, `line` the exact leaf bytes without LF."""

    log_id: str
    seq: int
    at_us: int
    clock: str
    kind: str
    fields: Mapping[str, Any]
    line: bytes = field(repr=False)


def write_entry(
    log_id: str, seq: int, kind: str, fields: Mapping[str, Any], *, at_us: int, clock: str, salt: bytes
) -> Entry:
    """Return the entry with its line; raises `FormatError` where `kind`, `clock` or `fields` cannot be an entry's."""
    if own := OWN_KEYS & fields.keys():
        raise FormatError(f"{', '.join(sorted(own))}: every entry has these already")
    value = dict(fields, at_us=at_us, clock=clock, kind=kind, salt=base64.b64encode(salt).decode("ascii"), seq=seq)
    line = canonical.encode(value)
    _check(value, len(line), seq)
    return Entry(log_id, seq, at_us, clock, kind, dict(fields), line)


def read_entry(log_id: str, seq: int, line: bytes) -> Entry:
    """Return the entry written in `line`; raises `FormatError` unless it is well-formed and bears the number `seq`."""
    value = canonical.decode(line, limit_bytes=MAX_LINE_BYTES - 1)
    _check(value, len(line), seq)
    fields = {key: item for key, item in value.items() if key not in OWN_KEYS}
    return Entry(log_id, seq, value["at_us"], value["clock"], value["kind"], fields, line)


def number_of(line: bytes) -> int:
    """Return the number that a line claims; raises `FormatError` where it is no entry at all."""
    value = canonical.decode(line, limit_bytes=MAX_LINE_BYTES - 1)
    seq = value.get("seq") if isinstance(value, dict) else None
    _check(value, len(line), seq)
    return int(value["seq"])


def _check(value: object, size_bytes: int, seq: object) -> None:
    """Raise `FormatError` unless `value` is what an entry with this number looks like."""
    if not isinstance(value, dict) or not value.keys() >= OWN_KEYS:
        raise FormatError("an entry is an object with at_us, clock, kind, salt and seq")
    for key in ("at_us", "seq"):
        if type(value[key]) is not int or value[key] < 0:
            raise FormatError(f"{key} of an entry is a whole number from 0")
    if value["seq"] != seq:
        raise FormatError(f"entry {value['seq']} stands where entry {seq} belongs")
    if value["clock"] not in CLOCKS:
        raise FormatError(f"clock of an entry is one of {', '.join(CLOCKS)}")
    if not isinstance(value["kind"], str) or not KIND.fullmatch(value["kind"]):
        raise FormatError("kind of an entry is made of words in small letters, joined by dots")
    if not isinstance(value["salt"], str) or len(from_base64(value["salt"])) != SALT_BYTES:
        raise FormatError(f"salt of an entry is {SALT_BYTES} bytes in base64")
    if size_bytes >= MAX_LINE_BYTES:
        raise FormatError(f"an entry of {size_bytes} bytes is longer than the {MAX_LINE_BYTES} allowed")
