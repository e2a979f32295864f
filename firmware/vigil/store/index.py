"""
The index: a database over the journal that answers quickly, and can be thrown away at any time.

Only guard writes it. What it holds follows from the journal alone, so it is
never repaired, only made again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from vigil.errors import IndexDamaged, JournalError, LogDamaged
from vigil.segments import canonical
from vigil.store.entry import Entry
from vigil.store.index_effects import take_effect, value_of
from vigil.store.index_read import IndexReader, damaged, faults
from vigil.store.journal_read import LogReader, read_logs
from vigil.store.merkle import leaf_hash
from vigil.store.whose import Whose

_MIGRATIONS = Path(__file__).with_name("migrations")
_BATCH = 2000


def migrations() -> list[str]:
    """Return the steps from an empty file to the newest schema, oldest first."""
    return [path.read_text(encoding="utf-8") for path in sorted(_MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))]


def index_path(directory: Path) -> Path:
    """Return where the index lies: each schema has its own file, so that an older version finds its own."""
    return directory / f"index-{len(migrations())}.sqlite"


class Index(IndexReader):
    """The index, open for writing; the same process asks it too."""

    @classmethod
    def open(cls, path: Path) -> Index:
        """Open or make the index at `path` and bring its schema up to date; one that is unreadable is made anew."""
        try:
            return cls(_writable(path), path, guard_is_down=False)
        except IndexDamaged:
            discard(path)
            return cls(_writable(path), path, guard_is_down=False)

    def apply(self, entries: Iterable[Entry]) -> int:
        """
        Take in entries of one or more logs, in their order, in one transaction; return how many were new.

        Those that are in already are passed over. Raises `JournalError` where
        one before them is missing: then `catch_up`.
        """
        due = self.applied()
        fresh: list[Entry] = []
        for entry in entries:
            if entry.seq > due.get(entry.log_id, entry.seq):
                raise JournalError(f"entry {entry.seq} of log {entry.log_id} came before entry {due[entry.log_id]}")
            if entry.seq == due.get(entry.log_id, entry.seq):
                fresh.append(entry)
                due[entry.log_id] = entry.seq + 1
        with self._transaction():
            self._take(fresh)
        return len(fresh)

    def catch_up(self, directory: Path) -> int:
        """
        Take in what the journal in `directory` has and the index has not; return how many entries that were.

        To be called after the journal was opened for writing, which makes it
        whole. An index that knows another past than the journal is rebuilt.
        """
        readers = read_logs(directory)
        applied = self.applied()
        gone = set(applied) - {reader.log_id for reader in readers}
        # Only the newest log changes; of an older one, less may be readable by now than was taken in.
        if gone or (readers and not self._agrees(readers[-1])):
            return self.rebuild(directory)
        return sum(self._catch_up(reader, applied.get(reader.log_id, 0)) for reader in readers)

    def rebuild(self, directory: Path) -> int:
        """Make the index again from the journal in `directory` alone; return how many entries that were."""
        self.close()
        discard(self.path)
        self._db = _writable(self.path)
        return sum(self._catch_up(reader, 0) for reader in read_logs(directory))

    def _catch_up(self, reader: LogReader, applied: int) -> int:
        new = 0
        if 0 < applied < (kept := reader.first_kept):
            with self._transaction():
                self._db.execute("update logs set applied = ? where log_id = ?", (kept, reader.log_id))
        entries = _readable(reader.entries(applied))
        while batch := list(islice(entries, _BATCH)):
            new += self.apply(batch)
        return new

    def _agrees(self, reader: LogReader) -> bool:
        """Say whether the last entry that was taken in is still the one in the log."""
        rows = self._ask("select applied, last_leaf from logs where log_id = ?", (reader.log_id,))
        return all(next(reader.tiles.leaves(applied - 1, applied)) == leaf for applied, leaf in rows)

    def _take(self, entries: Sequence[Entry]) -> None:
        before = self.store_in_use()
        told = _with_stores(entries, before)
        if not before and told and (first := told[0][1]):
            # What was said before any store was named is of the first one.
            self._name(first)
        newest = {entry.log_id: (entry, in_use) for entry, _, in_use in told}
        for log_id, (entry, in_use) in newest.items():
            self._db.execute(
                "insert into logs values (?, (select count(*) from logs), ?, ?, ?) on conflict do update"
                " set applied = excluded.applied, last_leaf = excluded.last_leaf, store = excluded.store",
                (log_id, entry.seq + 1, leaf_hash(entry.line), in_use),
            )
        self._db.executemany(
            "insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [_row(entry, store) for entry, store, _ in told]
        )
        self._db.executemany(
            "insert into cursors values (?, ?, ?, ?, ?) on conflict do update"
            " set segment = excluded.segment, line = excluded.line"
            " where (excluded.segment, excluded.line) > (segment, line)",
            [(*place, *cursor) for place, cursor in _cursors(told).items()],
        )
        for entry, store, _ in told:
            take_effect(self._db, entry, store)

    def _name(self, store: str) -> None:
        for table in ("logs", "entries", "segments", "cursors"):
            self._db.execute(f"update {table} set store = ? where store = ''", (store,))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with faults(self.path):
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def _with_stores(entries: Iterable[Entry], in_use: str) -> list[tuple[Entry, str, str]]:
    """Return each entry, the store that it speaks of, and the one in use behind it; empty while none was ever named."""
    whose = Whose(in_use)
    told = [(entry, whose.of(entry.kind, entry.fields), whose.current) for entry in entries]
    first = next((current for _, _, current in told if current), "")
    return [(entry, store or first, current or first) for entry, store, current in told]


def _row(entry: Entry, store: str) -> tuple[object, ...]:
    camera, segment = value_of(entry, "camera", str), value_of(entry, "segment", int)
    fields = canonical.encode(dict(entry.fields)).decode()
    return entry.log_id, entry.seq, entry.at_us, entry.clock, entry.kind, store, camera, segment, fields


def _cursors(told: Iterable[tuple[Entry, str, str]]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return for each (log, store, camera) the highest (sidecar, line) that an entry was made from."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for entry, store, _ in told:
        camera, line = value_of(entry, "camera", str), value_of(entry, "line", int)
        # A deletion speaks of one segment and stands in the sidecar of another.
        stated_in = value_of(entry, "stated_in", int)
        if stated_in is None:
            stated_in = value_of(entry, "segment", int)
        if camera is not None and line is not None and stated_in is not None:
            place = entry.log_id, store, camera
            found[place] = max(found.get(place, (0, 0)), (stated_in, line))
    return found


def discard(path: Path) -> None:
    """Delete the index at `path` with what SQLite keeps beside it."""
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _writable(path: Path) -> sqlite3.Connection:
    with faults(path):
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.execute("pragma journal_mode = wal")
            # What a cut takes away is taken in again from the journal.
            database.execute("pragma synchronous = normal")
            database.execute("pragma foreign_keys = on")
            _migrate(database)
        except BaseException:
            database.close()
            raise
        return database


def _migrate(database: sqlite3.Connection) -> None:
    (version,) = database.execute("pragma user_version").fetchone()
    steps = migrations()
    if version > len(steps):
        raise damaged(f"the index has schema {version}, and this version knows {len(steps)}")
    for number, step in enumerate(steps[version:], version + 1):
        database.executescript(f"begin immediate;\n{step}\npragma user_version = {number};\ncommit;")


def _readable(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield entries up to the first that is damaged: an old log is indexed as far as it can be read."""
    try:
        yield from entries
    except LogDamaged:
        return
