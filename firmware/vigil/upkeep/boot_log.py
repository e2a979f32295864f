"""
What is kept of the system's log beyond a boot: little, bounded, and written seldom, for it lies on a card.

One file for each boot, numbered upwards; the oldest go. A file is cut off
when it is full, at its end: how trouble began says more than how it went on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

BOOTS = 12
MOST_BYTES = 512 * 1024
_NAME = re.compile(r"boot-([0-9]{6})\.log")
_FULL = b"The log of this boot is full; what came after is not kept.\n"


def name_of(number: int) -> str:
    """Return the name of a boot's file."""
    return f"boot-{number:06d}.log"


def numbers(names: Iterable[str]) -> list[int]:
    """Return the numbers of the boots that have a file, oldest first."""
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


def next_number(names: Collection[str]) -> int:
    """Return the number of a boot that begins now."""
    return max(numbers(names), default=0) + 1


def surplus(names: Collection[str]) -> list[str]:
    """Return the files that go, so that with the boot that begins now there are `BOOTS`."""
    return [name_of(number) for number in numbers(names)[: max(0, len(numbers(names)) - BOOTS + 1)]]


@dataclass(frozen=True, slots=True)
class Share:
    """What of new lines still goes into the file, and whether it is full then."""

    data: bytes
    full: bool


def share(size_bytes: int, lines: bytes) -> Share:
    """Return what of `lines` goes into a file of `size_bytes`."""
    room = MOST_BYTES - len(_FULL) - size_bytes
    if len(lines) <= room:
        return Share(lines, full=False)
    whole = lines[: lines.rfind(b"\n", 0, max(0, room)) + 1] if room > 0 else b""
    return Share(whole + _FULL, full=True)
