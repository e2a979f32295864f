"""
Asking the index: what was recorded when, what happened, what is oldest.

The index is SQLite over the journal (docs/spec/journal.md). Whoever may write
it is `vigil.store.index`; everybody else opens it here, read-only.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from vigil.errors import IndexDamaged, StoreFault
from vigil.segments import canonical
from vigil.store.ingest import KINDS_OF_ACTS

_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_BUSY: errno.EAGAIN,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

# The extended codes of what the disk has lost (sqlite.org/rescode.html): it answers a read with EIO, or with another
# error such as dm-integrity's EILSEQ.
_LOST = {sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_DATA}
_SEGMENT_COLUMNS = "store, camera, seq, path, started_us, ended_us, bytes, sha256, frames, state, reason, kept, starred"


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """What the journal says of one segment; what it has not said yet is None. `store` is empty where none is named."""

    store: str
    camera: str
    seq: int
    path: str | None
    started_us: int | None
    ended_us: int | None
    size_bytes: int | None
    sha256: str | None
    frames: int | None
    state: str
    reason: str | None
    kept: bool
    starred: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """An entry of the journal, and the store that it speaks of, or that was in use."""

    log_id: str
    seq: int
    at_us: int
    clock: str
    kind: str
    store: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GapRow:
    """A time without pictures, and why; `to_us` is None while it lasts."""

    camera: str
    from_us: int
    to_us: int | None
    why: str


class IndexReader:
    """
    An index, open for questions. All times are UTC microseconds.

    Segments are numbered anew in every store (disk): where no `store` is named, the one in use is meant.

    `guard_is_down` says that nobody has the index open for writing: what it
    tells may be old. Methods raise `StoreFault` where the file cannot be read.
    """

    def __init__(self, database: sqlite3.Connection, path: Path, *, guard_is_down: bool) -> None:
        self._db = database
        self.path = path
        self.guard_is_down = guard_is_down

    @classmethod
    def read(cls, path: Path) -> IndexReader:
        """Open the index at `path` for one set of questions; open it again for later ones."""
        # Without a write-ahead log no writer is there, and SQLite could not make one on our read-only footing.
        down = not path.with_name(path.name + "-wal").exists()
        try:
            return cls(_connect(path, down=down), path, guard_is_down=down)
        except StoreFault:
            if down:
                raise
            return cls(_connect(path, down=True), path, guard_is_down=True)

    def cameras(self) -> list[str]:
        """Return the cameras that segments are known of."""
        return [camera for (camera,) in self._ask("select distinct camera from segments order by camera")]

    def stores(self) -> list[str]:
        """Return the stores that segments are known of; an empty name where none is named."""
        return [store for (store,) in self._ask("select distinct store from segments order by store")]

    def store_in_use(self, log_id: str | None = None) -> str:
        """Return the store that was used last, of which a log says so where one is named; empty where none is."""
        rows = self._ask(
            "select store from logs where store != '' and (? is null or log_id = ?) order by position desc limit 1",
            (log_id, log_id),
        )
        return str(rows[0][0]) if rows else ""

    def segments(
        self, camera: str, from_us: int, to_us: int, *, deleted: bool = False, store: str | None = None
    ) -> list[SegmentRow]:
        """Return the segments of `camera` that touch the span, by number; deleted ones only where asked for."""
        return self._segments(
            store,
            "camera = ? and started_us < ? and (ended_us is null or ended_us > ?) and (? or state != 'deleted')",
            (camera, to_us, from_us, deleted),
        )

    def segment(self, camera: str, seq: int, *, store: str | None = None) -> SegmentRow | None:
        """Return one segment."""
        return next(iter(self._segments(store, "camera = ? and seq = ?", (camera, seq))), None)

    def oldest(self, camera: str, *, count: int = 1) -> list[SegmentRow]:
        """Return the segments to forget first: those of the lowest numbers that are complete, and not kept."""
        return self._segments(
            None,
            "camera = ? and state in ('sealed', 'recovered') and not kept and not starred",
            (camera,),
            tail=f"limit {int(count)}",
        )

    def gaps(self, camera: str, from_us: int, to_us: int) -> list[GapRow]:
        """Return the gaps of `camera` that touch the span, by their beginning."""
        rows = self._ask(
            "select camera, from_us, to_us, why from gaps"
            " where camera = ? and from_us < ? and (to_us is null or to_us > ?) order by from_us",
            (camera, to_us, from_us),
        )
        return [GapRow(*row) for row in rows]

    def events(
        self,
        *,
        from_us: int | None = None,
        to_us: int | None = None,
        kinds: Sequence[str] = (),
        camera: str | None = None,
        after: tuple[str, int] | None = None,
        limit: int = 1000,
    ) -> list[EventRow]:
        """
        Return entries in the order of the log (not of the wall clock, which may step), at most `limit`.

        `kinds` are whole kinds or their first words (``motion`` means all of
        ``motion.…``); `after` is the (log id, seq) of the last one already had.
        """
        where, values = ["1"], list[object]()
        for clause, value in (("at_us >= ?", from_us), ("at_us < ?", to_us), ("camera = ?", camera)):
            if value is not None:
                where.append(clause)
                values.append(value)
        if kinds:
            where.append("(" + " or ".join(["kind = ? or kind glob ?"] * len(kinds)) + ")")
            values += [each for kind in kinds for each in (kind, f"{kind}.*")]
        if after is not None:
            where.append("(position, seq) > ((select position from logs where log_id = ?), ?)")
            values += after
        rows = self._ask(
            "select log_id, seq, at_us, clock, kind, entries.store, fields from entries join logs using (log_id)"
            f" where {' and '.join(where)} order by position, seq limit ?",
            (*values, limit),
        )
        return [EventRow(*[*row, canonical.decode(fields.encode())]) for *row, fields in rows]

    def prunable(self, log_id: str, before_us: int) -> int:
        """
        Return the number before which no entry of a log is younger than `before_us` or speaks of a segment that exists.

        The order of the log counts, not its clock: the first young entry ends it.
        Segments of a store that was `away` as long are not counted.
        """
        away = sorted(self.away(before_us))
        rows = self._ask(
            "select min(entries.seq) from entries left join segments on segments.store = entries.store"
            " and segments.camera = entries.camera and segments.seq = entries.segment"
            " where log_id = ? and (at_us >= ? or state != 'deleted'"
            f" and entries.store not in ({', '.join('?' * len(away))}))",
            (log_id, before_us, *away),
        )
        return rows[0][0] or 0

    def away(self, before_us: int) -> set[str]:
        """Return the stores that were not in use since `before_us`."""
        others = set(self.stores()) - {self.store_in_use()}
        newest = {store: self._ask("select max(at_us) from entries where store = ?", (store,)) for store in others}
        return {store for store, rows in newest.items() if (rows[0][0] or 0) < before_us}

    def cursors(self, log_id: str | None = None, *, store: str | None = None) -> dict[str, tuple[int, int]]:
        """
        Return for each camera the (segment, line) of the last sidecar line that was taken into a log.

        That is the newest log, unless another is named. A new log starts without any, whatever older ones had.
        """
        wanted = self.newest_log() if log_id is None else log_id
        of = self.store_in_use() if store is None else store
        rows = self._ask("select camera, segment, line from cursors where log_id = ? and store = ?", (wanted, of))
        return {camera: (segment, line) for camera, segment, line in rows}

    def newest_holds(self, log_id: str) -> list[EventRow]:
        """Return for each store and camera the newest entry of a log that was made from a line of its `.keep-log`."""
        rows = self._ask(
            "select log_id, max(seq), at_us, clock, kind, store, fields from entries where log_id = ?"
            f" and kind in ({', '.join('?' * len(KINDS_OF_ACTS))}) and camera is not null group by store, camera",
            (log_id, *KINDS_OF_ACTS),
        )
        return [EventRow(*[*row, canonical.decode(fields.encode())]) for *row, fields in rows]

    def newest(self, *kinds: str) -> EventRow | None:
        """Return the newest entry of these kinds, whichever log it is in; None where there is none."""
        rows = self._ask(
            "select log_id, seq, at_us, clock, kind, entries.store, fields from entries join logs using (log_id)"
            f" where kind in ({', '.join('?' * len(kinds))}) order by position desc, seq desc limit 1",
            kinds,
        )
        return next((EventRow(*[*row, canonical.decode(fields.encode())]) for *row, fields in rows), None)

    def newest_log(self) -> str | None:
        """Return the id of the newest log, None where the index is empty."""
        rows = self._ask("select log_id from logs order by position desc limit 1")
        return rows[0][0] if rows else None

    def applied(self) -> dict[str, int]:
        """Return for each log, oldest first, the number before which its entries are in the index."""
        return dict(self._ask("select log_id, applied from logs order by position"))

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _segments(self, store: str | None, where: str, values: Sequence[object], *, tail: str = "") -> list[SegmentRow]:
        rows = self._ask(
            f"select {_SEGMENT_COLUMNS} from segments where store = ? and {where} order by seq {tail}",
            (self.store_in_use() if store is None else store, *values),
        )
        return [SegmentRow(*[*row, bool(kept), bool(starred)]) for *row, kept, starred in rows]

    def _ask(self, question: str, values: Sequence[object] = ()) -> list[Any]:
        with faults(self.path):
            return self._db.execute(question, values).fetchall()


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into `StoreFault` with the errno that fits; `IndexDamaged` where it is to be made again."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        words = f"the index {path} cannot be used: {error}"
        if code & 0xFF in _DAMAGED or code in _LOST:
            raise damaged(words) from error
        fault = StoreFault(words)
        fault.errno = _ERRNO.get(code & 0xFF, errno.EIO)
        raise fault from error


def damaged(words: str) -> IndexDamaged:
    """Return the error that says so."""
    fault = IndexDamaged(words)
    fault.errno = errno.EUCLEAN
    return fault


def _connect(path: Path, *, down: bool) -> sqlite3.Connection:
    mode = "immutable=1" if down else "mode=ro"
    with faults(path):
        database = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None)
        try:
            database.execute("select count(*) from logs").fetchone()
        except BaseException:
            database.close()
            raise
        return database
