"""The verdicts a reader may give, exactly as docs/spec/segment.md names them, and what goes with one."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """What became of a segment; of several that are true the first counts."""

    FORGED = "forged"
    BROKEN = "broken"
    MISSING = "missing"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    EXTENDED = "extended"
    UNFINISHED = "unfinished"
    UNCERTIFIED = "uncertified"
    RECOVERED = "recovered"
    OK = "ok"


INTACT = frozenset({Verdict.UNFINISHED, Verdict.RECOVERED, Verdict.OK})
"""Verdicts that leave no doubt about what is there, provided that its keys are certified."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `from_byte` up to, not including, `to_byte`, and the wall-clock times of the pictures in them."""

    from_byte: int
    to_byte: int
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, the sentence that explains it, and the line (from 0) or the span where it shows."""

    verdict: Verdict
    why: str
    line: int | None = None
    span: Span | None = None


def utc(at_us: int) -> str:
    """Return a wall-clock time in microseconds as people read it; a nonsense time as its number."""
    try:
        at = datetime.datetime.fromtimestamp(at_us // 1_000_000, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at_us} µs"
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_us // 100_000 % 10} UTC"
