"""The states of a disk, made into files: what a log had done to it up to a cut, with whatever the cut left behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from power.draw import Cut, pieces
from power.integrity import SUPER_BYTES, Layout, read_layout
from power.promises import is_mark
from power.write_log import Write, WriteLog
from vigil.upkeep.block_devices import Card
from vigil.upkeep.partition_table import SECTOR, Partition, read_table

Inside = Callable[[int, int], Iterator[tuple[int, int, int]]]
"""Where bytes of the disk lie in an image: (offset, size) → (offset within them, offset in the image, length)."""


def everywhere(at_byte: int, size_bytes: int) -> Iterator[tuple[int, int, int]]:
    """The image is the disk."""
    yield 0, at_byte, size_bytes


def opened(partition: Partition, layout: Layout) -> Inside:
    """The image is what a partition with integrity tags opens to."""
    first, end = partition.start * SECTOR, partition.end * SECTOR

    def inside(at_byte: int, size_bytes: int) -> Iterator[tuple[int, int, int]]:
        if first <= at_byte < end:
            yield from layout.inside(at_byte - first, size_bytes)

    return inside


class Rolling:
    """A disk that goes through a log once, from its beginning; states are copies of it on the way."""

    def __init__(self, log: WriteLog, image: Path, inside: Inside = everywhere) -> None:
        self.log = log
        self._image = image
        self._inside = inside
        self._next = 0

    def leave(self, cut: Cut, target: Path) -> None:
        """Make the state of `cut` in `target`. Cuts must come in the order of their windows."""
        assert cut.window >= self._next, "a disk does not go backwards"
        with self._image.open("r+b") as image:
            for window in self.log.windows[self._next : cut.window]:
                for write in window.writes:
                    self._put(image.fileno(), write, 0, write.size_bytes)
        self._next = cut.window
        subprocess.run(["cp", "--sparse=always", self._image, target], check=True)
        with target.open("r+b") as state:
            for piece in pieces(of_the_box(self.log, cut.window), cut):
                self._put(state.fileno(), piece.write, piece.first, piece.end)

    def _put(self, file: int, write: Write, first: int, end: int) -> None:
        if is_mark(write):
            return
        data = memoryview(self.log.bytes_of(write))
        for offset, at, length in self._inside(write.at_byte + first, end - first):
            os.pwrite(file, data[first + offset : first + offset + length], at)


def of_the_box(log: WriteLog, window: int) -> list[Write]:
    """The writes of a window, without those of the witness; none behind the last window."""
    if window == len(log.windows):
        return []
    return [write for write in log.windows[window].writes if not is_mark(write)]


def sparse(image: Path, size_bytes: int) -> Path:
    """An empty disk."""
    with image.open("wb") as file:
        file.truncate(size_bytes)
    return image


def table_only(card: Path, image: Path) -> Path:
    """A disk with the partition table of a card and nothing else: what opening its data partitions needs."""
    sparse(image, card.stat().st_size)
    source = Card(card)
    with image.open("r+b") as file:
        for number in {0, *(one.entry_at for one in read_table(source.read_sector).values())}:
            os.pwrite(file.fileno(), source.read_sector(number), number * SECTOR)
    return image


def first_window(log: WriteLog, partition: Partition, layout: Layout, label: bytes) -> int:
    """The first window at whose beginning the file system in a partition has its final label."""
    inside, at_label = opened(partition, layout), 1024 + 120
    for number, window in enumerate(log.windows):
        for write in window.writes:
            for offset, at, length in inside(write.at_byte, write.size_bytes):
                if at <= at_label < at + length:
                    begin = offset + at_label - at
                    if log.bytes_of(write)[begin : begin + 16].rstrip(b"\0") == label:
                        return number + 1
    raise ValueError(f"nothing in the log is called {label!r}")


def layout_of(card: Path, partition: Partition) -> Layout:
    """The layout of a partition with integrity tags. Raises `ValueError` where it has none."""
    with card.open("rb") as file:
        found = read_layout(os.pread(file.fileno(), SUPER_BYTES, partition.start * SECTOR))
    if found is None:
        raise ValueError(f"p{partition.number} has no integrity tags")
    return found
