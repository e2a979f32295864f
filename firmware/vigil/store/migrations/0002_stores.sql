-- Segments are numbered anew in every video store (disk), so rows say which one they are of.
-- All of it follows from the journal: nothing is changed over, it is taken in again.

drop table cursors;
drop table segments;
drop table entries;
delete from logs;
delete from gaps;

alter table logs add column store text not null default '';  -- in use where the log was taken in to; '' before one is named

create table entries (
    log_id text not null references logs,
    seq integer not null check (seq >= 0),
    at_us integer not null,
    clock text not null check (clock in ('synced', 'unsynced', 'stepped')),
    kind text not null,
    store text not null,     -- the store it speaks of, else the one that was in use; '' while none is named in any log
    camera text,             -- null where the entry speaks of no camera
    segment integer,         -- null where it speaks of no segment
    fields text not null,    -- canonical JSON of the keys of its kind
    primary key (log_id, seq)
) strict, without rowid;

create index entries_by_time on entries (at_us);
create index entries_by_kind on entries (kind, at_us);
create index entries_by_camera on entries (camera, at_us) where camera is not null;
create index entries_by_store on entries (store, at_us);

create table segments (
    store text not null,     -- '' while none is named in any log
    camera text not null,
    seq integer not null check (seq >= 0),
    path text,               -- null where the entry that opened it was not seen
    started_us integer,      -- null as path
    ended_us integer,        -- null while it is open, or where the end is not known
    bytes integer,           -- null while it is open
    sha256 text,             -- null while it is open; hex
    frames integer,          -- null while it is open
    state text not null check (state in ('opened', 'sealed', 'recovered', 'deleted')),
    reason text,             -- null unless deleted: why
    kept integer not null default 0 check (kept in (0, 1)),   -- held or starred; the file beside it is the truth
    primary key (store, camera, seq)
) strict, without rowid;

create index segments_by_time on segments (store, camera, started_us);

-- How far the sidecars of each camera in each store were taken into each log: line `line` of sidecar `segment` was the last.
create table cursors (
    log_id text not null references logs,
    store text not null,     -- '' while none is named in any log
    camera text not null,
    segment integer not null,
    line integer not null,
    primary key (log_id, store, camera)
) strict, without rowid;
