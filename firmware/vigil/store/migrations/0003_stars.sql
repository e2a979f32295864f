-- A star is weaker than a hold: where the owner says so, it is given up for want of room.
-- It follows from the journal: nothing is changed over, it is taken in again.

delete from logs;
delete from entries;
delete from segments;
delete from gaps;
delete from cursors;

alter table segments add column starred integer not null default 0 check (starred in (0, 1));
