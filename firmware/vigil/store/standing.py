"""
What stands in a log after whatever happened to the box, and making it whole again.

`survey` reads only and judges: it finds where the log ends, or says why it is
damaged. `settle` then removes what was never acknowledged and makes again what
follows from the rest (docs/spec/journal.md, *Open* 3 and *Settle*).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vigil.errors import FormatError, LogDamaged
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.store.disk import Disk, DiskFile
from vigil.store.entry import number_of, read_entry
from vigil.store.log_files import PER_FILE, Identity, LogFiles, first_number, lines, split_notes
from vigil.store.merkle import Frontier, frontier, leaf_hash, root_at
from vigil.store.tiles import Tiles

_BATCH = 4096
_PIECE_BYTES = 1 << 20


@dataclass(slots=True)
class Standing:
    """
    A log that is good, up to an unfinished end.

    `tree` is the right edge over all entries that stand; the last of them ends
    at byte `last_bytes` of file `last_file`. `tail` lists (file, from, to), in
    bytes, of what lies after the newest checkpoint. Tiles are believed below
    `believed` leaves. `watched` is the root at the size that the caller asked
    for, None where the log is shorter.
    """

    files: LogFiles
    identity: Identity
    checkpoint: Checkpoint
    checkpoint_bytes: int
    pruned: int
    believed: int
    tree: Frontier
    last_file: int
    last_bytes: int = 0
    tail: list[tuple[int, int, int]] = field(default_factory=list)
    watched: bytes | None = None


def survey(disk: Disk, files: LogFiles, *, watch: int | None = None) -> Standing:
    """
    Return what stands in the log, and its root at `watch` entries.

    Raises `LogDamaged` where something that was acknowledged is lost or changed.
    """
    try:
        return _survey(disk, files, watch)
    except FormatError as error:
        raise LogDamaged(f"log {files.directory.name}: {error}") from error


def settle(disk: Disk, standing: Standing, tiles: Tiles) -> None:
    """Make the log whole (docs/spec/journal.md, *Settle* 1 to 3); may be repeated after a fault."""
    files = standing.files
    for number, start, end in standing.tail:
        cut(disk, files.entry_file(number), end)
        with disk.change(files.entry_file(number)) as file:
            # A sync that failed may have left pages which the system believes to be on the disk.
            # Writing the same bytes again makes it try once more, and nothing is missing meanwhile.
            for at in range(start, end, _PIECE_BYTES):
                file.write_at(at, file.read_at(at, min(_PIECE_BYTES, end - at)))
            file.sync()
    tiles.cut(standing.believed)
    tree = frontier(standing.believed, tiles.node)
    bodies = _bodies(disk, standing)
    while batch := list(itertools.islice(bodies, _BATCH)):
        tiles.extend([tree.append(leaf_hash(line)) for line in batch])
    tiles.sync()
    cut(disk, files.checkpoints, standing.checkpoint_bytes)


def cut(disk: Disk, path: Path, size_bytes: int) -> None:
    """Drop what lies in the file beyond `size_bytes`, durably."""
    with disk.change(path) as file:
        if file.size() > size_bytes:
            file.truncate(size_bytes)
            file.sync()


def _survey(disk: Disk, files: LogFiles, watch: int | None) -> Standing:
    identity = files.identity(disk)
    notes, checkpoint_bytes = split_notes(disk.read_bytes(files.checkpoints) if files.checkpoints.is_file() else b"")
    if not notes:
        raise LogDamaged(f"the checkpoints of log {identity.log_id} are gone")
    checkpoint = peek_checkpoint(notes[-1])
    if checkpoint.origin != identity.origin:
        raise LogDamaged(f"the newest checkpoint in log {identity.log_id} is of another log")
    pruned = files.first_kept(disk)
    numbers = files.entry_numbers()
    if not numbers or numbers[0] > pruned // PER_FILE or numbers != list(range(numbers[0], numbers[-1] + 1)):
        raise LogDamaged(f"files of entries of log {identity.log_id} are gone")
    tiles = Tiles(disk, files.tiles)
    believed, tree = _believed(tiles, checkpoint, pruned)
    standing = Standing(files, identity, checkpoint, checkpoint_bytes, pruned, believed, tree, numbers[-1])
    if watch is not None and watch <= believed:
        standing.watched = root_at(watch, tiles.node)
    _read_on(disk, standing, tiles, watch)
    return standing


def _believed(tiles: Tiles, checkpoint: Checkpoint, pruned: int) -> tuple[int, Frontier]:
    """Return how many leaves the tiles are believed for, and their right edge."""
    if tiles.complete(checkpoint.size):
        tree = frontier(checkpoint.size, tiles.node)
        if tree.root() == checkpoint.root:
            return checkpoint.size, tree
    # The bodies that are kept may still prove the checkpoint: then the tiles are made again from them.
    if pruned > checkpoint.size or not tiles.complete(pruned):
        raise LogDamaged("hashes of entries whose bodies were dropped are gone")
    return pruned, frontier(pruned, tiles.node)


def _read_on(disk: Disk, standing: Standing, tiles: Tiles, watch: int | None) -> None:
    """Take in the entries from `believed` on and find where the log ends."""
    tree, last = standing.tree, standing.last_file
    size, hashed = standing.checkpoint.size, tiles.count(0)
    on_disk = [seq for seq, leaf in enumerate(_written(tiles, size, hashed), size) if leaf]
    taking = _Taking(standing, 1 + on_disk[-1] if on_disk else size, watch)
    if standing.believed == size:
        taking.present = _written(tiles, size, hashed)
    seq = end = 0
    for number in range(min(tree.size // PER_FILE, last), last + 1):
        with disk.read(standing.files.entry_file(number)) as file:
            seq, end = taking.file(file, number)
            if number < last and (seq < (number + 1) * PER_FILE or end != file.size()):
                raise LogDamaged(f"entry {seq} is not where it belongs, and later ones are there")
    standing.last_bytes = end
    if seq < taking.known:
        raise LogDamaged(f"entries from {seq} on are gone: there were {taking.known} or more")


def _written(tiles: Tiles, start: int, stop: int) -> Iterator[bytes | None]:
    """
    Yield the leaf hashes from `start` to `stop`, None for each that did not reach the disk.

    They are not synced, and a file system may make the file longer before the
    bytes are there (ext4 does, within the last block): those are zeros.
    """
    return (leaf if leaf and any(leaf) else None for leaf in tiles.leaves(start, stop))


@dataclass(slots=True)
class _Taking:
    """Takes entries into the tree; the first `known` of them were acknowledged, the leaf hashes `present` follow."""

    standing: Standing
    known: int
    watch: int | None
    present: Iterator[bytes | None] = field(default_factory=lambda: itertools.repeat(None))

    def file(self, file: DiskFile, number: int) -> tuple[int, int]:
        """Take in one file; return the number after its last good entry, and the byte at which that ends."""
        standing = self.standing
        seq = first_number(file, number, standing.pruned)
        end = 0
        start: int | None = None
        for at, line in lines(file):
            if start is None and seq >= standing.checkpoint.size:
                start = at
            if seq == standing.tree.size and not self.entry(seq, line):
                if seq < self.known or _entry_follows(file, at):
                    raise LogDamaged(f"entry {seq} is damaged")
                break
            seq, end = seq + 1, at + len(line) + 1
        if start is not None or number == standing.last_file:
            standing.tail.append((number, end if start is None else start, end))
        return seq, end

    def entry(self, seq: int, line: bytes) -> bool:
        """Take in one entry; say whether it is one."""
        try:
            read_entry(self.standing.identity.log_id, seq, line)
        except FormatError:
            return False
        leaf = leaf_hash(line)
        if next(self.present, None) not in (None, leaf):
            raise LogDamaged(f"entry {seq} is not the one that was written: its hash is another")
        tree, checkpoint = self.standing.tree, self.standing.checkpoint
        tree.append(leaf)
        if tree.size == checkpoint.size and tree.root() != checkpoint.root:
            raise LogDamaged(f"the entries before {tree.size} do not have the root that the checkpoint names")
        if tree.size == self.watch:
            self.standing.watched = tree.root()
        return True


def _entry_follows(file: DiskFile, at: int) -> bool:
    """Say whether there is a well-formed entry at or after byte `at`: then this is no torn write."""
    for _, line in lines(file, at):
        try:
            number_of(line)
        except FormatError:
            continue
        return True
    return False


def _bodies(disk: Disk, standing: Standing) -> Iterator[bytes]:
    """Yield the lines of the entries from `believed` on."""
    for number in range(standing.believed // PER_FILE, standing.last_file + 1):
        with disk.read(standing.files.entry_file(number)) as file:
            seq = first_number(file, number, standing.pruned)
            for _, line in lines(file):
                if seq >= standing.believed:
                    yield line
                seq += 1
