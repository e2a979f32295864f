"""
The journal: everything that happens, in order, where nothing can be taken back unseen.

This is the only writer; what is on the disk and in which order it gets there
is docs/spec/journal.md. Readers use `vigil.store.journal_read`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vigil.clock import Clock
from vigil.errors import JournalError, LogDamaged, StoreFault
from vigil.segments.checkpoint import Checkpoint
from vigil.segments.note import NoteSigner, sign_note
from vigil.store import log_begin, merkle
from vigil.store.disk import Disk, DiskFile
from vigil.store.entry import SALT_BYTES, Entry, write_entry
from vigil.store.journal_read import LogReader
from vigil.store.log_begin import Opening, RandomBytes
from vigil.store.log_files import PER_FILE
from vigil.store.log_prune import certificates_to_repeat, drop_bodies
from vigil.store.standing import cut, settle, survey
from vigil.store.tiles import Tiles


class Journal:
    """
    The open journal; made by `Journal.open`.

    `loss` says in a sentence what made this opening begin a new log (None where
    the log goes on, or where there was none before); `began` says that it is new.
    Every method may raise `StoreFault` when the disk refuses: then nothing was
    acknowledged, and the next call first makes the log whole again. Where that
    turns out to be impossible it raises `LogDamaged`: close, and open again.
    """

    def __init__(
        self,
        disk: Disk,
        found: Opening,
        *,
        clock: Clock,
        random_bytes: RandomBytes,
        signer: NoteSigner,
        lock: int,
    ) -> None:
        self._disk = disk
        self._standing = found.standing
        self._files = found.standing.files
        self._clock = clock
        self._random_bytes = random_bytes
        self._signer = signer
        self._lock: int | None = lock
        self._tiles = Tiles(disk, self._files.tiles)
        self._entries: DiskFile | None = None
        self._sick = False
        self.began = found.began
        self.loss = found.loss

    @classmethod
    def open(
        cls,
        disk: Disk,
        directory: Path,
        *,
        clock: Clock,
        random_bytes: RandomBytes,
        signer: NoteSigner,
        device_id: str,
        floor: Checkpoint | None = None,
        clock_trust: str = "unsynced",
        vouched: Mapping[str, str] | None = None,
    ) -> Journal:
        """
        Open the journal in `directory`, making it where there is none.

        `floor` is the newest checkpoint that is known from elsewhere. Where the
        newest log is damaged or contradicts it, a new log is begun, whose first
        entry says so; `clock_trust` labels that entry, which also holds `vouched`,
        the fields `session` and `cert` of `signer`, where those are known. Raises `JournalError`
        where another process has the journal open.
        """
        disk.make_directory(directory)
        lock = disk.try_lock(directory / "lock")
        if lock is None:
            raise JournalError(f"another process is writing the journal in {directory}; end it first")
        try:
            found = log_begin.go_on_or_begin(
                disk,
                directory,
                device_id=device_id,
                random_bytes=random_bytes,
                at_us=clock.wall_us(),
                clock_trust=clock_trust,
                signer=signer,
                floor=floor,
                vouched=vouched or {},
            )
        except BaseException:
            disk.unlock(lock)
            raise
        journal = cls(disk, found, clock=clock, random_bytes=random_bytes, signer=signer, lock=lock)
        try:
            journal._settle()
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def origin(self) -> str:
        """Who this log is."""
        return self._standing.identity.origin

    @property
    def log_id(self) -> str:
        """The name of its directory."""
        return self._standing.identity.log_id

    @property
    def directory(self) -> Path:
        """The directory of this log."""
        return self._files.directory

    @property
    def size(self) -> int:
        """How many entries there are; all of them are durable."""
        return self._standing.tree.size

    @property
    def root(self) -> bytes:
        """The root of the tree over all entries."""
        return self._standing.tree.root()

    @property
    def newest_checkpoint(self) -> Checkpoint:
        """The newest checkpoint that was signed."""
        return self._standing.checkpoint

    @property
    def first_kept(self) -> int:
        """The first entry whose body was not dropped on purpose."""
        return self._standing.pruned

    def append(self, kind: str, fields: Mapping[str, Any], *, clock_trust: str) -> Entry:
        """Add one entry; it is durable on return."""
        return self.append_many([(kind, fields)], clock_trust=clock_trust)[0]

    def append_many(self, happened: Sequence[tuple[str, Mapping[str, Any]]], *, clock_trust: str) -> list[Entry]:
        """
        Add entries, given as (kind, fields), with one sync for all; they are durable on return.

        Raises `FormatError`, having written nothing, where one cannot be an entry.
        After `StoreFault` a part of the batch may have happened all the same.
        """
        self._mend()
        at_us = self._clock.wall_us()
        entries = [
            write_entry(
                self.log_id,
                seq,
                kind,
                fields,
                at_us=at_us,
                clock=clock_trust,
                salt=self._random_bytes(SALT_BYTES),
            )
            for seq, (kind, fields) in enumerate(happened, self.size)
        ]
        left = entries
        while left:
            room = PER_FILE - self.size % PER_FILE
            self._write(left[:room])
            left = left[room:]
        return entries

    def checkpoint(self) -> str | None:
        """Sign what there is and return the note, durable; None where nothing was added since the last one."""
        self._mend()
        standing = self._standing
        if self.size == standing.checkpoint.size:
            return None
        found = Checkpoint(self.origin, self.size, self.root)
        note = sign_note(found.text(), self._signer)
        data = f"{note}\n".encode()
        self._sick = True
        self._tiles.sync()
        with self._disk.append(self._files.checkpoints) as file:
            file.append(data)
            file.sync()
        self._sick = False
        standing.checkpoint = found
        standing.checkpoint_bytes += len(data)
        return note

    def inclusion(self, seq: int, size: int | None = None) -> list[bytes]:
        """Return the proof, for `merkle.verify_inclusion`, that entry `seq` is among the first `size` (None: all)."""
        self._mend()
        return merkle.inclusion_proof(seq, self._within(size), self._tiles.node)

    def consistency(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """Return the proof, for `merkle.verify_consistency`, that the log only grew from `old_size` to `new_size`."""
        self._mend()
        return merkle.consistency_proof(old_size, self._within(new_size), self._tiles.node)

    def prune(self, before_seq: int, *, clock_trust: str) -> None:
        """Drop the bodies of all entries before `before_seq`, having said so in the log; their hashes stay."""
        self._mend()
        if before_seq <= self.first_kept:
            return
        before = self._within(before_seq)
        repeated = certificates_to_repeat(LogReader(self.directory, disk=self._disk), before)
        said = [*(("session.certified", fields) for fields in repeated), ("journal.pruned", {"before": before})]
        self.append_many(said, clock_trust=clock_trust)
        self.checkpoint()
        self._sick = True
        self._disk.replace(self._files.pruned, f"{before}\n".encode())
        self._renew()

    def close(self) -> None:
        """Let the files and the lock go. May be called twice."""
        lock, self._lock = self._lock, None
        try:
            self._let_go()
        finally:
            if lock is not None:
                self._disk.unlock(lock)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write(self, entries: Sequence[Entry]) -> None:
        """Make `entries`, which belong into one file, durable and take them into the tree."""
        standing = self._standing
        data = b"".join(entry.line + b"\n" for entry in entries)
        self._sick = True
        file = self._file_of(entries[0].seq)
        file.append(data)
        file.sync()
        standing.last_bytes += len(data)
        done = [standing.tree.append(merkle.leaf_hash(entry.line)) for entry in entries]
        # The entries stand from here on, whatever becomes of their hashes: those can be made again.
        try:
            self._tiles.extend(done)
        except StoreFault:
            return
        self._sick = False

    def _file_of(self, seq: int) -> DiskFile:
        """Return the file that entry `seq`, the next one, belongs into."""
        standing = self._standing
        number = seq // PER_FILE
        if number != standing.last_file and self._entries is not None:
            self._entries.close()
            self._entries = None
        if self._entries is None:
            path = self._files.entry_file(number)
            self._entries = self._disk.append(path)
            if number != standing.last_file:
                self._disk.sync_directory(path.parent)
                standing.last_file, standing.last_bytes = number, 0
        return self._entries

    def _within(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} entries, not {size}")
        return size

    def _mend(self) -> None:
        """Where an operation failed, forget what was not acknowledged and make the log whole."""
        if self._lock is None:
            raise JournalError("this journal is closed")
        if not self._sick:
            return
        standing = self._standing
        self._let_go()
        for number in self._files.entry_numbers():
            if number > standing.last_file:
                self._disk.unlink(self._files.entry_file(number))
        # What a prune has rewritten is shorter already, and stays.
        cut(self._disk, self._files.entry_file(standing.last_file), standing.last_bytes)
        cut(self._disk, self._files.checkpoints, standing.checkpoint_bytes)
        self._renew()

    def _renew(self) -> None:
        """Read the log again as though it had just been opened."""
        self._let_go()
        size = self.size
        standing = survey(self._disk, self._files)
        if standing.tree.size < size:
            raise LogDamaged(f"entries from {standing.tree.size} to {size - 1} are gone while the journal was open")
        self._standing = standing
        self._settle()

    def _settle(self) -> None:
        """Finish what was begun, and be well."""
        self._sick = True
        settle(self._disk, self._standing, self._tiles)
        if self._standing.pruned and drop_bodies(self._disk, self._files, self._standing.pruned):
            self._standing = survey(self._disk, self._files)
        self._sick = False

    def _let_go(self) -> None:
        opened, self._entries = self._entries, None
        try:
            if opened is not None:
                opened.close()
        finally:
            self._tiles.close()
