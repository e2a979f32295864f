"""
What keeps a recording from being deleted, and the files that say so: holds and stars, of segments and of time ranges.

Only the forms are here (docs/spec/store.md, *Keeping*); `holds.py` and
`hold_ranges.py` put them on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vigil.errors import FormatError, StoreError
from vigil.segments import canonical

FOREVER_US = canonical.MAX_INTEGER
LONGEST_WORDS = 500
UNREADABLE = "its hold cannot be read, and binds all the same"
_LIMIT_BYTES = 8192
_NAME = re.compile(r"\.keep-(0|[1-9][0-9]{0,15})-([1-9][0-9]{0,15})")


class How(StrEnum):
    """How strongly something is kept."""

    HOLD = "hold"
    STAR = "star"


ACTS = {How.HOLD: ("kept", "released"), How.STAR: ("starred", "unstarred")}
"""What the `.keep-log` calls it when somebody begins to keep and ends it."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `from_us` to before `to_us`, wall clock."""

    from_us: int
    to_us: int

    def covers(self, began_us: int, ended_us: int) -> bool:
        """Say whether something that lasted from `began_us` to `ended_us` shares a moment with it."""
        return min(began_us, ended_us) < self.to_us and max(began_us, ended_us) >= self.from_us

    @property
    def name(self) -> str:
        """What the file is called that keeps this range."""
        return f".keep-{self.from_us}-{self.to_us}"


@dataclass(frozen=True, slots=True)
class Word:
    """Who keeps it, why and since when (wall clock); `span` where that is said of a whole range."""

    who: str
    why: str
    at_us: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """What a `.keep` file says: a hold, a star, or both."""

    hold: Word | None = None
    star: Word | None = None

    def word(self, how: How) -> Word | None:
        """Return what is said of this kind."""
        return self.hold if how is How.HOLD else self.star

    def with_word(self, how: How, word: Word | None) -> Keep:
        """Return the same with another word of one kind."""
        return Keep(word, self.star) if how is How.HOLD else Keep(self.hold, word)

    def __bool__(self) -> bool:
        return bool(self.hold or self.star)


@dataclass(frozen=True, slots=True)
class Act:
    """A line of the `.keep-log`, its number from 0: of segment `seq`, of a range (`seq` None), of one for the other."""

    line: int
    act: str
    seq: int | None
    who: str
    why: str
    at_us: int
    span: Span | None = None


def checked(who: str, why: str, at_us: int, span: Span | None = None) -> Word:
    """Return the word that somebody gives. Raises `StoreError` where no reason is said."""
    if not why.strip():
        raise StoreError("say why: whoever finds the hold years later must know what it is for")
    return Word(who[:LONGEST_WORDS], why.strip()[:LONGEST_WORDS], at_us, span)


def span_named(name: str) -> Span | None:
    """Return the range whose file is called so; None where that is no range's name."""
    match = _NAME.fullmatch(name)
    return _span([int(match[1]), int(match[2])]) if match else None


def encode(keep: Keep) -> bytes:
    """Return the content of a `.keep` file."""
    if keep.hold:
        said = _said(keep.hold) | ({"star": _said(keep.star)} if keep.star else {})
    elif keep.star:
        said = {**_said(keep.star), "how": str(How.STAR)}
    else:
        raise RuntimeError("internal error: a file that keeps nothing")
    return canonical.encode(said) + b"\n"


def decode(data: bytes) -> Keep:
    """Return what a `.keep` file says; what cannot be understood is a hold."""
    with suppress(FormatError, KeyError, TypeError, ValueError):
        said = canonical.decode(data.rstrip(b"\n"), limit_bytes=_LIMIT_BYTES)
        if "how" in said:
            if said["how"] == How.STAR:
                return Keep(star=_word(said))
        else:
            return Keep(_word(said), _word(said["star"]) if "star" in said else None)
    return Keep(hold=Word("", UNREADABLE, 0))


def act_line(act: str, seq: int | None, word: Word) -> bytes:
    """Return a line for the `.keep-log`."""
    return canonical.encode({"act": act, **({} if seq is None else {"seq": seq}), **_said(word)}) + b"\n"


def acts_in(data: bytes) -> Iterator[Act]:
    """Yield the acts in a `.keep-log`, in order. A line that is torn or not ours is left out."""
    for number, line in enumerate(data.split(b"\n")[:-1]):
        with suppress(FormatError, KeyError, TypeError, ValueError):
            said = dict(canonical.decode(line, limit_bytes=_LIMIT_BYTES))
            seq, word = said.get("seq"), _word(said)
            whose = bool(word.span) if seq is None else _is_number(seq)
            if whose and any(said["act"] in pair for pair in ACTS.values()):
                yield Act(number, said["act"], seq, word.who, word.why, word.at_us, word.span)


def _said(word: Word) -> dict[str, Any]:
    span = {"range": [word.span.from_us, word.span.to_us]} if word.span else {}
    return {"at_us": word.at_us, "who": word.who, "why": word.why, **span}


def _word(said: Mapping[str, Any]) -> Word:
    who, why, at_us = said["who"], said["why"], said["at_us"]
    if not (isinstance(who, str) and isinstance(why, str) and _is_number(at_us)):
        raise ValueError("not who, why and when")
    span = _span(said["range"]) if "range" in said else None
    if "range" in said and span is None:
        raise ValueError("not a range")
    return Word(who, why, at_us, span)


def _span(said: object) -> Span | None:
    if not (isinstance(said, list) and len(said) == 2 and all(_is_number(one) for one in said)):
        return None
    from_us, to_us = said
    return Span(from_us, to_us) if from_us < to_us <= FOREVER_US else None


def _is_number(value: object) -> bool:
    return type(value) is int and value >= 0
