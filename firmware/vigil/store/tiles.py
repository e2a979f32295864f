"""The hashes of a log on the disk: what proves its entries, and outlives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vigil.errors import LogDamaged
from vigil.store.disk import Disk, DiskFile, named
from vigil.store.log_files import PER_FILE, numbers_in
from vigil.store.merkle import node_hash

HASH_BYTES = 32
HEIGHT = 8
"""Levels of the tree between two levels of tiles: each holds one hash for 256 of the level below."""


class Tiles:
    """
    Levels of hashes in files of 65,536 (docs/spec/journal.md, *Tiles*).

    Level 0 holds the leaf hashes; hash *i* of level *L* is the root over the
    leaves from ``i * 256 ** L`` to ``(i + 1) * 256 ** L``.
    """

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._open: dict[int, tuple[int, DiskFile]] = {}
        self._unsynced: list[DiskFile] = []

    def count(self, level: int) -> int:
        """Return how many whole hashes of `level` are on the disk."""
        numbers = numbers_in(self._level(level))
        if not numbers:
            return 0
        return numbers[-1] * PER_FILE + self._size(level, numbers[-1]) // HASH_BYTES

    def complete(self, size: int) -> bool:
        """Say whether every hash that `size` leaves imply is there."""
        for level in _levels(size):
            wanted = size >> HEIGHT * level
            for number in range(-(-wanted // PER_FILE)):
                due = min(PER_FILE, wanted - number * PER_FILE) * HASH_BYTES
                if not self._file(level, number).is_file() or self._size(level, number) < due:
                    return False
        return True

    def node(self, level: int, index: int) -> bytes:
        """Return the root over leaves ``index << level`` to ``(index + 1) << level``; one read of at most 4 KiB."""
        tile_level, rest = divmod(level, HEIGHT)
        hashes = self._read(tile_level, index << rest, 1 << rest)
        if hashes is None:
            raise LogDamaged(f"the hash of entries {index << level} to {((index + 1) << level) - 1} is missing")
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def leaves(self, start: int, stop: int) -> Iterator[bytes | None]:
        """Yield the leaf hashes from `start` to `stop`, None for each that is not there."""
        for first in range(start - start % 256, stop, 256):
            tile = self._read(0, first, 256)
            for seq in range(max(first, start), min(first + 256, stop)):
                if tile is not None:
                    yield tile[seq - first]
                else:
                    single = self._read(0, seq, 1)
                    yield single[0] if single else None

    def extend(self, done: Iterable[list[bytes]]) -> None:
        """Append what `Frontier.append` returned for each new leaf; durable only after `sync`."""
        levels: dict[int, list[bytes]] = {}
        for subtrees in done:
            for level, root in enumerate(subtrees[::HEIGHT]):
                levels.setdefault(level, []).append(root)
        for level, hashes in levels.items():
            self._append(level, hashes)

    def sync(self) -> None:
        """Make all that was appended durable."""
        while self._unsynced:
            self._unsynced[-1].sync()
            self._unsynced.pop()

    def cut(self, size: int) -> None:
        """Keep what `size` leaves imply and nothing else. Files that are cut are synced with the next `sync`."""
        self.close()
        level = 0
        while numbers := numbers_in(self._level(level)):
            keep = size >> HEIGHT * level
            for number in reversed(numbers):
                if number * PER_FILE >= keep:
                    self._disk.unlink(self._file(level, number))
            last, rest = divmod(keep, PER_FILE)
            if rest:
                self._writable(level, last).truncate(rest * HASH_BYTES)
            self._disk.sync_directory(self._level(level))
            level += 1

    def close(self) -> None:
        """Let all files go."""
        opened, self._open, self._unsynced = self._open, {}, []
        for _, file in opened.values():
            file.close()

    def _append(self, level: int, hashes: list[bytes]) -> None:
        at = self._position(level)
        while hashes:
            number, used = divmod(at, PER_FILE)
            now, hashes = hashes[: PER_FILE - used], hashes[PER_FILE - used :]
            self._writable(level, number).append(b"".join(now))
            at += len(now)

    def _position(self, level: int) -> int:
        held = self._open.get(level)
        if held is None:
            return self.count(level)
        return held[0] * PER_FILE + held[1].size() // HASH_BYTES

    def _writable(self, level: int, number: int) -> DiskFile:
        """Return the file, open for appending and marked to be synced."""
        held = self._open.get(level)
        if held is not None and held[0] == number:
            file = held[1]
        else:
            if held is not None:
                # Full: durable before it is let go, so that `sync` need not remember it.
                held[1].sync()
                self._unsynced = [each for each in self._unsynced if each is not held[1]]
                held[1].close()
                del self._open[level]
            path = self._file(level, number)
            fresh = not path.is_file()
            self._disk.make_directory(path.parent)
            file = self._disk.append(path)
            self._open[level] = (number, file)
            if fresh:
                self._disk.sync_directory(path.parent)
        if file not in self._unsynced:
            self._unsynced.append(file)
        return file

    def _read(self, level: int, start: int, count: int) -> list[bytes] | None:
        """Return `count` hashes of `level` from `start` (all in one file), or None where one is missing."""
        path = self._file(level, start // PER_FILE)
        if not path.is_file():
            return None
        with self._disk.read(path) as file:
            data = file.read_at(start % PER_FILE * HASH_BYTES, count * HASH_BYTES)
        if len(data) < count * HASH_BYTES:
            return None
        return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]

    def _size(self, level: int, number: int) -> int:
        path = self._file(level, number)
        with named(path, "ask for the size of"):
            return path.stat().st_size

    def _level(self, level: int) -> Path:
        return self._directory / str(level)

    def _file(self, level: int, number: int) -> Path:
        return self._level(level) / f"{number:08d}"


def _levels(size: int) -> range:
    """Return the levels that a log of `size` entries has hashes in."""
    return range(max(0, size.bit_length() - 1) // HEIGHT + 1)
