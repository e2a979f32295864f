"""Finds what a large file holds more than once, however far apart: a card holds each slot's system twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

BLOCK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Span:
    """`size_bytes` from `start`: the same again as `distance` bytes before, or new, where `distance` is 0."""

    start: int
    size_bytes: int
    distance: int


def digests(blocks: Iterable[bytes]) -> list[bytes]:
    """What each block is known by."""
    return [hashlib.blake2b(block, digest_size=16).digest() for block in blocks]


def spans(known: list[bytes], reach_bytes: int, longest_bytes: int) -> Iterator[Span]:
    """
    The whole file, in its order, as spans of blocks (`digests`) that are new or can be seen `reach_bytes` back.

    No span is longer than `longest_bytes`; both are multiples of `BLOCK_BYTES`.
    """
    most = longest_bytes // BLOCK_BYTES
    for back, group in groupby(enumerate(_backs(known, reach_bytes // BLOCK_BYTES)), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        for first in range(0, len(numbers), most):
            size = len(numbers[first : first + most])
            yield Span(numbers[first] * BLOCK_BYTES, size * BLOCK_BYTES, back * BLOCK_BYTES)


def _backs(known: list[bytes], reach: int) -> Iterator[int]:
    """For each block how many blocks before it stood last; as far as one may go on as the one before did."""
    last: dict[bytes, int] = {}
    back = 0
    for number, digest in enumerate(known):
        if not (back and number >= back and known[number - back] == digest):
            back = number - last[digest] if digest in last and number - last[digest] <= reach else 0
        last[digest] = number
        yield back
