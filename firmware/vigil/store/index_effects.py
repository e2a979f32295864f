"""What each kind of entry changes in the index, as a table from kind to statement."""

from __future__ import annotations

import sqlite3
from typing import Any

from vigil.store.entry import Entry

# Entries may come twice (what sidecars prove is entered again into a new log), so every statement may be repeated,
# and nothing brings a deleted segment back.
_OPENED = """
    insert into segments (store, camera, seq, path, started_us, state, kept, starred)
    values (:store, :camera, :segment, :path, :started_us, 'opened', coalesce((
        select kind = 'segment.kept' from entries indexed by entries_by_kind
        where kind in ('segment.kept', 'segment.released')
        and store = :store and camera = :camera and segment = :segment
        order by (select position from logs where logs.log_id = entries.log_id) desc, seq desc limit 1), 0), coalesce((
        select kind = 'segment.starred' from entries indexed by entries_by_kind
        where kind in ('segment.starred', 'segment.unstarred')
        and store = :store and camera = :camera and segment = :segment
        order by (select position from logs where logs.log_id = entries.log_id) desc, seq desc limit 1), 0))
    on conflict do update set
        path = coalesce(excluded.path, path),
        started_us = coalesce(started_us, excluded.started_us)"""
_CLOSED = """
    insert into segments (store, camera, seq, started_us, ended_us, bytes, sha256, frames, state)
    values (:store, :camera, :segment, :started_us, :ended_us, :bytes, :sha256, :frames,
        substr(:kind, length('segment.') + 1))
    on conflict do update set
        started_us = coalesce(excluded.started_us, started_us),
        ended_us = excluded.ended_us,
        bytes = excluded.bytes,
        sha256 = excluded.sha256,
        frames = excluded.frames,
        state = case state when 'deleted' then state else excluded.state end"""
_DELETED = """
    insert into segments (store, camera, seq, state, reason)
    values (:store, :camera, :segment, 'deleted', :reason)
    on conflict do update set state = 'deleted', reason = excluded.reason, kept = 0, starred = 0"""
_KEPT = """
    update segments set kept = (:kind = 'segment.kept')
    where store = :store and camera = :camera and seq = :segment and state != 'deleted'"""
_STARRED = """
    update segments set starred = (:kind = 'segment.starred')
    where store = :store and camera = :camera and seq = :segment and state != 'deleted'"""
_GAP = """
    insert into gaps (camera, from_us, to_us, why)
    values (:camera, :from_us, :to_us, :why)
    on conflict do update set to_us = coalesce(excluded.to_us, to_us), why = excluded.why"""

_EFFECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "segment.opened": (_OPENED, ("camera", "segment")),
    "segment.sealed": (_CLOSED, ("camera", "segment")),
    "segment.recovered": (_CLOSED, ("camera", "segment")),
    "segment.deleted": (_DELETED, ("camera", "segment")),
    "segment.kept": (_KEPT, ("camera", "segment")),
    "segment.released": (_KEPT, ("camera", "segment")),
    "segment.starred": (_STARRED, ("camera", "segment")),
    "segment.unstarred": (_STARRED, ("camera", "segment")),
    "gap": (_GAP, ("camera", "from_us", "why")),
}
"""For each kind: the statement, and the keys without which the entry says nothing that the index could hold."""

_TYPES = {
    "camera": str,
    "segment": int,
    "path": str,
    "started_us": int,
    "ended_us": int,
    "bytes": int,
    "sha256": str,
    "frames": int,
    "reason": str,
    "from_us": int,
    "to_us": int,
    "why": str,
}


def take_effect(database: sqlite3.Connection, entry: Entry, store: str) -> None:
    """Change what follows from `entry`, which speaks of `store`; one that is not understood changes nothing."""
    if entry.kind == "journal.pruned":
        _forget(database, entry)
        return
    if entry.kind not in _EFFECTS:
        return
    statement, needed = _EFFECTS[entry.kind]
    values = {key: value_of(entry, key, kind) for key, kind in _TYPES.items()}
    if all(values[key] is not None for key in needed):
        database.execute(statement, {**values, "kind": entry.kind, "store": store})


def value_of(entry: Entry, key: str, kind: type) -> Any:
    """Return the value where it is of that kind (numbers from 0), else None."""
    value = entry.fields.get(key)
    if type(value) is not kind or (isinstance(value, int) and value < 0):
        return None
    return value


def _forget(database: sqlite3.Connection, entry: Entry) -> None:
    """Bodies that the journal drops must not live on here."""
    before = value_of(entry, "before", int)
    if before is None:
        return
    database.execute("delete from entries where log_id = ? and seq < ?", (entry.log_id, before))
    database.execute(
        "delete from segments where (state = 'deleted' or store !="
        " coalesce((select store from logs where store != '' order by position desc limit 1), ''))"
        " and (store, camera, seq) not in"
        " (select store, camera, segment from entries where camera is not null and segment is not null)"
    )
    # Of a store that was away so long that nothing is known of it any more, everything is entered again.
    database.execute(
        "delete from cursors where not exists"
        " (select 1 from entries where entries.store = cursors.store and entries.log_id = cursors.log_id)"
    )
