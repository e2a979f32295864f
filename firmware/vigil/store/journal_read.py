"""
Reading a journal as a stranger would: no lock, no key of ours, nothing believed that is not proven.

`LogReader` gives entries and proofs; `check_log` in `vigil.store.journal_check`
judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vigil.errors import FormatError, LogDamaged, LogFork
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.store import merkle
from vigil.store.disk import Disk
from vigil.store.entry import Entry, read_entry
from vigil.store.log_files import PER_FILE, LogFiles, find_logs, first_number, lines, split_notes
from vigil.store.tiles import Tiles


class LogReader:
    """One log in the directory `journal/<log id>`; raises `FormatError` where it is none."""

    def __init__(self, directory: Path, *, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        self.files = LogFiles(directory)
        self.identity = self.files.identity(self._disk)
        self.tiles = Tiles(self._disk, self.files.tiles)

    @property
    def log_id(self) -> str:
        """The name of the log's directory."""
        return self.identity.log_id

    @property
    def origin(self) -> str:
        """Who the log is."""
        return self.identity.origin

    @property
    def first_kept(self) -> int:
        """The first entry whose body was not dropped on purpose, by the mark that the writer left."""
        return self.files.first_kept(self._disk)

    def notes(self) -> list[str]:
        """Return the checkpoints as signed notes, oldest first, nothing of them verified."""
        if not self.files.checkpoints.is_file():
            return []
        return split_notes(self._disk.read_bytes(self.files.checkpoints))[0]

    def newest_checkpoint(self) -> Checkpoint | None:
        """Return what the newest checkpoint claims, not verified."""
        notes = self.notes()
        return peek_checkpoint(notes[-1]) if notes else None

    def entries(self, from_seq: int = 0) -> Iterator[Entry]:
        """
        Yield the entries from `from_seq` on whose bodies are kept, in order.

        Raises `LogDamaged` at the first that is missing or malformed. What is
        still being written is not yielded. Nothing is compared with hashes here.
        """
        seq = max(from_seq, self.first_kept)
        for number, claimed, line in self.lines(seq):
            if claimed != seq:
                raise LogDamaged(f"entry {seq} of log {self.log_id} is missing")
            try:
                entry = read_entry(self.log_id, seq, line)
            except FormatError as error:
                raise LogDamaged(f"entry {seq} of log {self.log_id}, in file {number:08d}: {error}") from error
            yield entry
            seq += 1

    def lines(self, from_seq: int = 0) -> Iterator[tuple[int, int, bytes]]:
        """Yield (file, number by position, line) for each whole line from `from_seq` on, whatever it holds."""
        for number in self.files.entry_numbers():
            if (number + 1) * PER_FILE <= from_seq:
                continue
            with self._disk.read(self.files.entry_file(number)) as file:
                seq = first_number(file, number, self.first_kept)
                for _, line in lines(file):
                    if seq >= from_seq:
                        yield number, seq, line
                    seq += 1

    def root_at(self, size: int) -> bytes:
        """Return the root over the first `size` entries, from the tiles; raises `LogDamaged` where they end before."""
        return merkle.root_at(size, self.tiles.node)

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """Return the proof that entry `seq` is among the first `size`."""
        return merkle.inclusion_proof(seq, size, self.tiles.node)

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """Return the proof that the log only grew from `old_size` to `new_size`."""
        return merkle.consistency_proof(old_size, new_size, self.tiles.node)

    def confront(self, outside: Checkpoint) -> None:
        """
        Compare the tiles with a checkpoint from elsewhere; raises `LogFork` where they contradict it.

        Cheap (O(log n) reads), and of use only while the tiles are those of the entries: `check_log` makes sure.
        """
        if outside.origin != self.origin:
            raise LogFork(f"this log is {self.origin}, and the checkpoint is of {outside.origin}")
        here = self.tiles.count(0)
        if outside.size > here:
            raise LogFork(f"{outside.size} entries were known elsewhere, and {here} are here")
        if self.root_at(outside.size) != outside.root:
            raise LogFork(f"the first {outside.size} entries are not those that were known elsewhere")


def read_logs(directory: Path, *, disk: Disk | None = None) -> list[LogReader]:
    """Return the logs of the journal at `directory`, each after those that it follows; unreadable ones are left out."""
    readers = []
    for files in find_logs(directory):
        try:
            readers.append(LogReader(files.directory, disk=disk))
        except FormatError:
            continue
    return sorted(readers, key=lambda reader: (len(reader.identity.follows), reader.log_id))
