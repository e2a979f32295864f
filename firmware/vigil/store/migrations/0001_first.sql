-- The index over journal and sidecars. Everything in it can be made again from the journal.
-- Times are UTC microseconds; seq of an entry is its number in its log, segment the number of a sidecar in its camera.

create table logs (
    log_id text primary key,
    position integer not null unique,   -- logs follow each other: the highest is the newest
    applied integer not null check (applied > 0),   -- entries before this number are in the index, but for pruned ones
    last_leaf blob not null  -- leaf hash of the last of them: tells this log from an older copy of itself
) strict, without rowid;

create table entries (
    log_id text not null references logs,
    seq integer not null check (seq >= 0),
    at_us integer not null,
    clock text not null check (clock in ('synced', 'unsynced', 'stepped')),
    kind text not null,
    camera text,             -- null where the entry speaks of no camera
    segment integer,         -- null where it speaks of no segment
    fields text not null,    -- canonical JSON of the keys of its kind
    primary key (log_id, seq)
) strict, without rowid;

create index entries_by_time on entries (at_us);
create index entries_by_kind on entries (kind, at_us);
create index entries_by_camera on entries (camera, at_us) where camera is not null;

create table segments (
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
    primary key (camera, seq)
) strict, without rowid;

create index segments_by_time on segments (camera, started_us);

create table gaps (
    camera text not null,
    from_us integer not null,
    to_us integer,           -- null while it lasts
    why text not null,
    primary key (camera, from_us)
) strict, without rowid;

-- How far the sidecars of each camera were taken into each log: line `line` of sidecar `segment` was the last.
create table cursors (
    log_id text not null references logs,
    camera text not null,
    segment integer not null,
    line integer not null,
    primary key (log_id, camera)
) strict, without rowid;
