"""Typesetting for a terminal: lines made of toned pieces, clipped, wrapped, padded and boxed to the cell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Tone(StrEnum):
    """What a piece of text is for; the terminal's door decides how that looks."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    TITLE = "title"
    GOOD = "good"
    CALM = "calm"
    WARN = "warn"
    BAD = "bad"
    RATE = "rate"
    STIR = "stir"
    NOTE = "note"


class Piece(NamedTuple):
    """Some text of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Piece, ...]

EMPTY: Line = ()
_ELLIPSIS = "…"

# One cell each, so that a page keeps its shape where a terminal knows ASCII alone.
_ASCII = str.maketrans("–…·●○◔◑◕×▁▂▃▄▅▆▇█░─│╭╮╰╯", "-~-*o.:+x_.,-=+##.-|++++")


def clean(text: str) -> str:
    """
    Return `text` on one line, without anything that a terminal would obey.

    Cameras and file names bring words of strangers; an escape sequence among
    them must not reach the terminal.
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def cells(text: str) -> int:
    """Return how many terminal cells `text` takes: East Asian wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Return `text` in at most `width` cells; where some is left out an ellipsis says so."""
    if cells(text) <= width:
        return text
    kept, room = [], width - 1
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + _ELLIPSIS if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """Return `text` as lines of at most `width` cells, broken between words where that is possible."""
    lines = [""]
    for word in text.split():
        rest = word
        if lines[-1] and cells(lines[-1]) + 1 + cells(rest) <= width:
            lines[-1] += " " + rest
            continue
        if lines[-1]:
            lines.append("")
        # A long path is broken where the line ends.
        while cells(rest) > width > 0:
            head = _head(rest, width)
            lines[-1] = head
            lines.append("")
            rest = rest[len(head) :]
        lines[-1] = rest
    return [line for line in lines if line] or [""]


def _head(word: str, width: int) -> str:
    room = width
    for at, character in enumerate(word):
        room -= _cells(character)
        if room < 0:
            return word[: max(1, at)]
    return word


def plain(line: Line) -> str:
    """Return a line's text alone."""
    return "".join(piece.text for piece in line)


def width_of(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cells(piece.text) for piece in line)


def fit(line: Line, width: int) -> Line:
    """Return `line` clipped and padded to exactly `width` cells."""
    pieces: list[Piece] = []
    room = width
    for piece in line:
        text = clip(piece.text, room)
        if text:
            pieces.append(Piece(text, piece.tone))
        room -= cells(text)
        if text != piece.text:
            break
    if room > 0:
        pieces.append(Piece(" " * room))
    return tuple(pieces)


def ends(left: Line, right: Line, width: int) -> Line:
    """Return a line with `left` at its left and `right` at its right end; `left` gives way where both do not fit."""
    right = right if width_of(right) <= width else fit(right, width)
    room = width - width_of(right)
    if width_of(left) >= room:
        left = fit(left, max(0, room - 1))
    return (*fit(left, room), *right)


def joined(parts: Iterable[Line], gap: str = "   ") -> Line:
    """Return the parts that are not empty in one line, with `gap` between them."""
    line: list[Piece] = []
    for part in parts:
        if part:
            line += [Piece(gap, Tone.DIM), *part] if line else part
    return tuple(line)


def labelled(label: str, line: Line, width: int = 10) -> Line:
    """Return `line` behind a label that takes `width` cells."""
    return (Piece(label.ljust(width), Tone.DIM), *line)


def paragraph(text: str, width: int, tone: Tone, *, first: str = "", rest: str = "") -> list[Line]:
    """Return `text` wrapped into lines of `width` cells; `first` precedes the first of them, `rest` the others."""
    found = wrap(text, max(1, width - max(cells(first), cells(rest))))
    return [(Piece((rest if n else first) + line, tone),) for n, line in enumerate(found)]


def boxed(title: Line, right: Line, lines: Sequence[Line], width: int, tone: Tone = Tone.DIM) -> list[Line]:
    """Return `lines` in a box of `width` cells, its `title` and what stands at the `right` in the upper edge."""
    tail: Line = (Piece(" "), *right, Piece(" ─╮", tone)) if right else (Piece("╮", tone),)
    room = width - 4 - width_of(tail)
    if width_of(title) > room:
        title = fit(title, room)
    edge = Piece("─" * (room - width_of(title)), tone)
    head = (Piece("╭─ ", tone), *title, Piece(" ", tone), edge, *tail)
    body = [(Piece("│ ", tone), *fit(line, width - 4), Piece(" │", tone)) for line in lines]
    return [head, *body, (Piece("╰" + "─" * (width - 2) + "╯", tone),)]


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, gap: int) -> list[Line]:
    """Return two blocks side by side; the shorter is filled with empty lines."""
    height = max(len(left), len(right))
    filled = [[*block, *[EMPTY] * (height - len(block))] for block in (left, right)]
    return [(*fit(one, left_width), Piece(" " * gap), *two) for one, two in zip(*filled, strict=True)]


def in_ascii(line: Line) -> Line:
    """Return `line` for a terminal that knows ASCII alone; every piece keeps its width where it can."""
    return tuple(piece if piece.text.isascii() else Piece(_ascii(piece.text), piece.tone) for piece in line)


def _ascii(text: str) -> str:
    return "".join(c if c.isascii() else "?" * _cells(c) for c in text.translate(_ASCII))
