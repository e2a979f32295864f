"""Which states of a disk a cut may leave, decided by a seed alone: which writes after the last flush are there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from power.write_log import Write

SECTOR_BYTES = 512
FEW = 3


class Kind(StrEnum):
    """What happened to the writes that no flush had covered yet."""

    FLUSH = "flush point"
    PREFIX = "cut short"
    SUBSET = "some missing"
    SHUFFLE = "reordered"
    DROP = "one dropped"
    TORN = "one torn"
    NTH = "at a slot-state write"
    """Not drawn: the seed is twice the number of the last write there is, and one more where that is torn."""


DRAWN = tuple(kind for kind in Kind if kind is not Kind.NTH)


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """One state: everything before `window` is on the disk, and of its writes what kind and seed say."""

    window: int
    kind: Kind
    seed: int

    def __str__(self) -> str:
        return f"{self.window}:{self.kind.name.lower()}:{self.seed}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a write that reached the disk: bytes `first` to `end` of it."""

    write: Write
    first: int
    end: int


def pieces(writes: Sequence[Write], cut: Cut) -> list[Piece]:
    """What of a window's writes is on the disk, in the order in which it got there."""
    rng = random.Random(f"{cut.window} {cut.kind} {cut.seed}")
    taken = _taken(list(writes), cut, rng)
    whole = [Piece(write, 0, write.size_bytes) for write in taken]
    if cut.kind is Kind.NTH and whole and cut.seed % 2:
        whole[-1] = Piece(taken[-1], 0, max(1, taken[-1].size_bytes // SECTOR_BYTES // 2) * SECTOR_BYTES)
    if cut.kind is Kind.TORN and whole:
        sectors = whole[-1].end // SECTOR_BYTES
        first = rng.randrange(sectors)
        end = rng.randrange(first + 1, sectors + 1)
        whole[-1] = Piece(taken[-1], first * SECTOR_BYTES, end * SECTOR_BYTES)
    return whole


def _taken(writes: list[Write], cut: Cut, rng: random.Random) -> list[Write]:
    kind = cut.kind
    if kind is Kind.FLUSH or not writes:
        return []
    if kind is Kind.NTH:
        return writes[: cut.seed // 2 + 1]
    if kind in (Kind.PREFIX, Kind.TORN):
        return writes[: rng.randrange(1, len(writes) + 1)]
    if kind is Kind.DROP:
        dropped = rng.randrange(len(writes))
        return writes[:dropped] + writes[dropped + 1 :]
    some = [write for write in writes if rng.random() < 0.5]
    if kind is Kind.SHUFFLE:
        rng.shuffle(some)
    return some


def drawn(windows: Sequence[Sequence[Write]], count: int, *, seed: int, first: int = 0) -> list[Cut]:
    """
    Up to `count` different states of the windows from `first` on, in an order that a longer draw goes on with.

    A sixth are flush points. The others are drawn where there are more than `FEW` writes to choose from, if there are
    such windows at all: elsewhere most of them would be the same as a flush point.
    """
    rng = random.Random(seed)
    plain = list(range(first, len(windows)))
    busy = [number for number in plain if len(windows[number]) > FEW] or [n for n in plain if len(windows[n]) > 1]
    made: dict[object, Cut] = {}
    kinds = DRAWN
    for attempt in range(count * 20):
        if len(made) == count:
            break
        kind = kinds[attempt % len(kinds)]
        if kind is not Kind.FLUSH and not busy:
            continue
        cut = Cut(rng.choice(plain if kind is Kind.FLUSH else busy), kind, rng.randrange(1 << 30))
        left = tuple(pieces(windows[cut.window], cut))
        made.setdefault((cut.window, left), cut)
    return list(made.values())
