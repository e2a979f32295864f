"""
Holds and stars of segments: what nobody deletes until somebody lets it go.

The procedures are docs/spec/store.md, *Hold* and *Release*. A hold is a file
beside the segment, durable before anybody is told "held", so it binds every
process that deletes, whether guard runs or not. Who placed it or let it go,
and why, is also written to the camera's `.keep-log`, from which it gets into
the journal. Ranges are in `hold_ranges.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import StoreError, StoreFault
from vigil.store.disk import Disk
from vigil.store.keeps import ACTS, UNREADABLE, Act, How, Keep, Span, Word, act_line, acts_in, checked, decode, encode
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.sidecar_file import sizes

KEEP_LOCK = ".keep-lock"
KEEP_LOG = ".keep-log"


@dataclass(frozen=True, slots=True)
class Hold:
    """
    Who holds a segment, why and since when (wall clock); `why` says so where the file is damaged. It still binds.

    `how` says whether it is a star; `span` names the range on whose account it is kept.
    """

    segment: SegmentPath
    who: str
    why: str
    at_us: int
    how: How = How.HOLD
    span: Span | None = None


class Holds:
    """The holds and stars of one camera's segments; `directory` is the camera's."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory

    def place(
        self, segment: SegmentPath, *, who: str, why: str, at_us: int, how: How = How.HOLD, span: Span | None = None
    ) -> bool:
        """
        Keep `segment`: durable when this returns. False where it is kept so already (by whom stays as it is).

        What was kept on account of a range is kept for itself from then on, if
        that is asked for. Raises `StoreError` where the segment is gone, or the
        disk refuses: then it is not kept.
        """
        word = checked(who, why, at_us, span)
        with self._disk.locked(self._directory / KEEP_LOCK):
            return self.place_locked(segment, word, how)

    def place_locked(self, segment: SegmentPath, word: Word, how: How) -> bool:
        """Do what `place` does; for who has the lock already."""
        keep = self.keep_of(segment)
        before = keep.word(how)
        if before and (before.span is None or word.span is not None):
            # Whoever placed it may have been cut off before it was durable.
            self._disk.sync_directory(segment.directory)
            return False
        if not segment.seal.exists():
            raise StoreError(f"segment {segment.seq} is gone: it was deleted, or its statements are missing")
        self._disk.replace(segment.keep, encode(keep.with_word(how, word)))
        self.log(act_line(ACTS[how][0], segment.seq, word))
        return True

    def release(
        self, segment: SegmentPath, *, who: str, why: str, at_us: int, how: How = How.HOLD, span: Span | None = None
    ) -> bool:
        """
        Let `segment` go; why is durable before its hold is taken away. False where it is not held.

        With `span`, only what is kept on account of that range. Raises
        `StoreFault`; then it is still held, or the same call may be made again.
        """
        word = checked(who, why, at_us, span)
        with self._disk.locked(self._directory / KEEP_LOCK):
            before = self.keep_of(segment).word(how)
            if before is None or (span and before.span != span):
                return False
            self.release_locked(segment, word, how)
        return True

    def release_locked(self, segment: SegmentPath, word: Word, how: How) -> None:
        """Do what `release` does; for who has the lock already, and knows that there is something to release."""
        self.log(act_line(ACTS[how][1], segment.seq, word))
        self.put(segment.keep, self.keep_of(segment).with_word(how, None))

    def put(self, path: Path, keep: Keep) -> None:
        """Make the file say `keep`, durably; where that is nothing, there is no file."""
        if keep:
            self._disk.replace(path, encode(keep))
        else:
            self._disk.unlink(path)
            self._disk.sync_directory(path.parent)

    def held(self, how: How = How.HOLD) -> list[Hold]:
        """Return all holds (or stars) of the camera's segments, oldest segment first."""
        there = (segment for segment in segments_of(self._directory) if segment.keep.exists())
        found = ((segment, self.keep_of(segment).word(how)) for segment in there)
        return [_hold(segment, word, how) for segment, word in found if word]

    def read(self, segment: SegmentPath) -> Hold:
        """Return who keeps `segment` and why: who holds it, else whose star it has."""
        keep = self.keep_of(segment)
        how = How.HOLD if keep.hold or not keep.star else How.STAR
        return _hold(segment, keep.word(how) or Word("", UNREADABLE, 0), how)

    def keep_of(self, segment: SegmentPath) -> Keep:
        """Return what keeps `segment`; nothing where nothing does, a hold where that cannot be read."""
        return self.read_keep(segment.keep)

    def read_keep(self, path: Path) -> Keep:
        """Return what the file at `path` says."""
        if not path.exists():
            return Keep()
        try:
            return decode(self._disk.read_bytes(path))
        except StoreFault:
            return decode(b"")

    def acts(self) -> Iterator[Act]:
        """Yield what was placed and released, in order. A line that is torn or not ours is left out."""
        path = self._directory / KEEP_LOG
        yield from acts_in(self._disk.read_bytes(path)) if path.exists() else ()

    def log_bytes(self) -> int:
        """Return how long the `.keep-log` is. Raises `StoreFault`."""
        return sizes(self._directory / KEEP_LOG)

    def durable_acts(self, last: Act | None) -> list[Act] | None:
        """
        Return what came behind `last` (None: everything), made durable here: a cut cannot take it back.

        All of them where `last` is not in the log: then it is not the log that `last` stood in. None where somebody is
        placing or releasing at the moment. Raises `StoreFault`.
        """
        lock = self._disk.try_lock(self._directory / KEEP_LOCK)
        if lock is None:
            return None
        try:
            data = self._disk.read_bytes(self._directory / KEEP_LOG)
            acts = list(acts_in(data))
            fresh = [act for act in acts if act.line > last.line] if last and last in acts else acts
            if fresh:
                whole = data[: data.rfind(b"\n") + 1]
                start = sum(len(line) + 1 for line in whole.split(b"\n")[: fresh[0].line])
                self._disk.write_again(self._directory / KEEP_LOG, start, whole[start:])
                self._disk.sync_directory(self._directory)
        finally:
            self._disk.unlock(lock)
        return fresh

    def log(self, line: bytes) -> None:
        """Append a line to the `.keep-log`, durably; for who has the lock."""
        with self._disk.append(self._directory / KEEP_LOG) as file:
            end = file.read_at(file.size() - 1, 1) if file.size() else b"\n"
            # A line that a cut tore stays by itself, so that it spoils no other.
            file.append((b"" if end == b"\n" else b"\n") + line)
            file.sync()
        self._disk.sync_directory(self._directory)


def _hold(segment: SegmentPath, word: Word, how: How) -> Hold:
    return Hold(segment, word.who, word.why, word.at_us, how, word.span)
