"""
One camera's part of the store: everything that is ever written for it goes through here, in order.

The procedures are those of docs/spec/store.md. Whoever holds a `CameraStore`
is the camera's only writer: the recorder, or guard for a camera nobody records
any more.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from vigil.clock import Clock
from vigil.errors import StoreError, StoreFault, WrongStore
from vigil.segments.age import b64
from vigil.segments.seal import Flush
from vigil.segments.session import Session
from vigil.segments.sidecar import CHAIN_START, FINAL, Chain, Statement
from vigil.store.disk import UNREADABLE, Disk, DiskFile
from vigil.store.hold_ranges import Ranges
from vigil.store.holds import KEEP_LOCK, Holds
from vigil.store.keeps import How, checked
from vigil.store.layout import LOCK, SegmentPath, segment_path, segments_of
from vigil.store.marker import check_marker
from vigil.store.recover import recover
from vigil.store.removal import remove_files, unfinished_removals
from vigil.store.sidecar_file import SidecarFile, last_statement, make_durable, sizes

_PREPARE_BYTES = 4 << 20
_READS = 3
"""So often the newest segment must have been unreadable before recording goes on without what cannot be read."""


class CameraStore:
    """
    Writes segments, statements and deletions of one camera.

    Any method may raise `StoreFault`. After that, call `abandon`, and `open`
    again before anything else: what was durable stays, nothing half-done does.
    """

    def __init__(
        self,
        disk: Disk,
        video: Path,
        camera: str,
        *,
        session: Session,
        clock: Clock,
        boot: str,
        store_id: str | None = None,
    ) -> None:
        self._disk = disk
        self._store_id = store_id
        self.store = ""
        """The id of the store that was found when we last looked."""
        self.video = video
        self.camera = camera
        self.directory = video / camera
        self._session = session
        self._clock = clock
        self._boot = boot
        self._lock: int | None = None
        self._chain = Chain(session, clock)
        self._sidecar: SidecarFile | None = None
        self._media: DiskFile | None = None
        self._prepared_bytes = 0
        self.current: SegmentPath | None = None
        self.next_seq = 1
        self.statements = 0
        """Statements made that guard should hear of: all but those of single flushes."""
        self.stated = (0, -1)
        """The newest statement of ours that is durable: the number of its sidecar, and its line in it."""
        self.recovered: list[tuple[SegmentPath, int]] = []
        self.ended_us: int | None = None
        """When the camera's last statement before `open` was made (wall clock), None where there is none."""
        self.checkpoint: str | None = None
        """The newest checkpoint seen; every new segment names it."""
        self._certified = False
        self._abandoned: tuple[SegmentPath, int] | None = None
        self._failed_reads = 0
        self._given_up: tuple[int, str] | None = None

    @property
    def open_for(self) -> str:
        """Return what the newest sidecar is open for: ``media``, ``quiet`` or nothing."""
        return self._kind if self._sidecar else ""

    def open(self) -> None:
        """Take the lock, finish what is unfinished, find the chain's head. Raises `StoreError`."""
        self._check_marker()
        self._disk.make_directory(self.directory)
        if self._lock is None:
            self._lock = self._disk.try_lock(self.directory / LOCK)
            if self._lock is None:
                raise StoreError(f"another process records {self.camera}: stop it first ({self.directory / LOCK})")
        segments = segments_of(self.directory)
        self.next_seq = segments[-1].seq + 1 if segments else 1
        self._chain = Chain(self._session, self._clock, prev=self._finish(segments))
        self._abandoned = None
        for segment in unfinished_removals(self._disk, segments):
            remove_files(self._disk, segment, self.directory)

    def begin(self, kind: str, *, why: str, trust: str, **opened: Any) -> SegmentPath:
        """Open the next sidecar: ``media`` or ``quiet``. The one before must have been ended."""
        # A disk may have been taken away since: what its directory is then on is not ours to fill.
        self._check_marker()
        self.current = segment_path(self.directory, self.next_seq, self._clock.wall_us())
        self._disk.make_directory(self.current.directory)
        self._kind = kind
        self._chain.next_file()
        self._sidecar = SidecarFile(self._disk, self.current.seal, self._chain)
        # From here on the number is taken, whatever happens.
        self.next_seq += 1
        cert = self._session.certificate
        self._sidecar.say(
            "opened", camera=self.camera, seq=self.current.seq, kind=kind, boot=self._boot, clock=trust, why=why,
            cert=cert, checkpoint=self.checkpoint, **opened,
        )  # fmt: skip
        self._certified = cert is not None
        self._disk.sync_directory(self.current.directory)
        self._is_stated()
        if self._given_up:
            seq, why = self._given_up
            self.say("marked", seq=seq, why=why)
            self._given_up = None
        return self.current

    def say(self, type_: str, **fields: Any) -> None:
        """Append a statement to the open sidecar, durably."""
        if self._sidecar is None:
            raise RuntimeError("internal error: a statement without an open sidecar")
        self._sidecar.say(type_, **fields)
        self.statements += type_ != "flushed"
        self._is_stated()

    def say_certificate(self) -> None:
        """State the session's certificate where it came after the sidecar was opened."""
        if self._sidecar and not self._certified and self._session.certificate:
            self.say("certified", cert=self._session.certificate)
            self._certified = True

    def write(self, flush: Flush, **ends: int) -> None:
        """Put a flush on the disk and state it. `ends`: `frames`, `media`, `end_us` of the segment so far."""
        assert self.current
        created = self._media is None
        if self._media is None:
            self._media = self._disk.create(self.current.media)
            self._prepared_bytes = 0
        if flush.size_bytes > self._prepared_bytes:
            self._media.prepare(self._prepared_bytes, flush.size_bytes + _PREPARE_BYTES - self._prepared_bytes)
            self._prepared_bytes = flush.size_bytes + _PREPARE_BYTES
        self._media.append(flush.data)
        self._media.sync()
        if created:
            self._disk.sync_directory(self.current.directory)
        self.say("flushed", bytes=flush.size_bytes, sha256=flush.sha256, closer=b64(flush.closer), **ends)

    def seal(self, closer: Flush, *, why: str, **ends: int) -> SegmentPath:
        """End the open media segment. Everything was flushed before."""
        assert self.current
        assert self._media, "something was flushed"
        self._media.append(closer.data)
        self._media.truncate(closer.size_bytes)
        self._media.sync()
        self.say("sealed", bytes=closer.size_bytes, sha256=closer.sha256, why=why, **ends)
        return self._end()

    def end_quiet(self, *, why: str) -> SegmentPath:
        """End the open quiet sidecar."""
        self.say("sealed", bytes=0, frames=0, media=0, end_us=self._clock.wall_us(), why=why)
        return self._end()

    def delete(self, segment: SegmentPath, *, why: str, star_too: bool = False) -> bool:
        """
        Delete `segment` by the *Delete* procedure; False where it is held, the newest, or gone.

        One that is only starred goes where `star_too`. A sidecar must be open: the statement stands in it.
        """
        if segment == self.current or not segment.seal.exists():
            return False
        with self._disk.locked(self.directory / KEEP_LOCK):
            try:
                Ranges(self._disk, self.directory).bind_locked(segment)
            except StoreFault as fault:
                if not is_full(fault):
                    raise
                return False  # it is bound, and there is no room to say so
            if segment.keep.exists() and not (star_too and self._gave_up_star(segment, why)):
                return False
            last = self._last_of(segment)
            fields = last.fields if last else {}
            self.say(
                "deleted", seq=segment.seq, last=last.digest if last else "", bytes=sizes(segment.media),
                sha256=fields.get("sha256"), why=why,
            )  # fmt: skip
            try:
                remove_files(self._disk, segment, self.directory)
            except StoreFault:
                pass  # the statement stands: `open` finishes it, and the recording of now goes on undisturbed
        return True

    def _gave_up_star(self, segment: SegmentPath, why: str) -> bool:
        """Take a star away, which is said first; False where more than a star keeps the segment."""
        holds = Holds(self._disk, self.directory)
        keep = holds.keep_of(segment)
        if keep.hold or not keep.star:
            return False
        word = checked(f"record@{self.camera}", why, self._clock.wall_us(), keep.star.span)
        holds.release_locked(segment, word, How.STAR)
        return True

    def abandon(self) -> None:
        """Let go of everything half-done after a fault. Never raises."""
        if self._sidecar and self.current:
            self._abandoned = (self.current, self._sidecar.durable_bytes)
            self._sidecar.close()
        if self._media:
            try:
                self._media.close()
            except StoreFault:
                pass  # it is abandoned anyway
        self._sidecar, self._media, self.current = None, None, None

    def close(self) -> None:
        """Give the lock back. Segments must have been ended before; an open one is left for recovery."""
        self.abandon()
        self._unlock()

    def _check_marker(self) -> None:
        try:
            found = check_marker(self._disk, self.video, self._store_id)
        except WrongStore:
            # The lock lies on the disk that went; nobody could unmount it while we hold on to it.
            self._unlock()
            raise
        if found != self.store:
            self.store, self.stated = found, (0, -1)

    def _is_stated(self) -> None:
        assert self.current
        self.stated = self.current.seq, self._chain.n - 1

    def _unlock(self) -> None:
        if self._lock is not None:
            self._disk.unlock(self._lock)
            self._lock = None

    def _finish(self, segments: list[SegmentPath]) -> str:
        """Finish the newest sidecar; return the digest of the camera's last line. What has no statement is left out."""
        while segments:
            newest = segments[-1]
            # Pictures or holds without a sidecar are not ours to touch; `vigil check` names them.
            if newest.seal.exists():
                if head := self._end_of(newest):
                    return head
                if newest.seq + 1 == self.next_seq and not newest.media.exists():
                    self.next_seq = newest.seq
            segments.pop()
        return CHAIN_START

    def _end_of(self, newest: SegmentPath) -> str | None:
        """
        Return the digest of the last line of `newest`, which is finished then; None where it says nothing.

        A disk that has lost some of its bytes must not end recording for ever:
        after some tries, what cannot be read is given up, and that is stated.
        """
        try:
            last = last_statement(self._disk, newest.seal)
            if last and last.type in FINAL:
                self._make_durable(newest)
                self.ended_us = last.at_us
                head: str | None = last.digest
            else:
                head = self._recover(newest, give_up=self._failed_reads >= _READS)
        except StoreFault as fault:
            self._failed_reads += fault.errno in UNREADABLE
            if fault.errno not in UNREADABLE or self._failed_reads <= _READS:
                raise
            why = f"its statements cannot be read, so a new chain begins: {fault}"
            self._given_up = newest.seq, why[:300]
            return CHAIN_START
        self._failed_reads, self._given_up = 0, None
        return head

    def _make_durable(self, newest: SegmentPath) -> None:
        """Whoever said the last of it may have been killed, or refused by the disk, before it was durable."""
        try:
            make_durable(self._disk, newest.seal)
        except StoreFault:
            # What the disk reads but will not write must not end recording for ever.
            if self._failed_reads < _READS:
                raise

    def _last_of(self, segment: SegmentPath) -> Statement | None:
        try:
            return last_statement(self._disk, segment.seal)
        except StoreFault:
            return None  # what cannot be read any more may still be deleted

    def _recover(self, segment: SegmentPath, *, give_up: bool) -> str | None:
        ours = self._abandoned if self._abandoned and self._abandoned[0] == segment else None
        done = recover(
            self._disk, segment, self._session, self._clock, boot=self._boot,
            keep_tail=ours is None, durable_bytes=ours[1] if ours else None, give_up=give_up,
        )  # fmt: skip
        if done is None:
            return None
        self.recovered.append((segment, done.size_bytes))
        self.ended_us = done.ended_us
        return done.head

    def _end(self) -> SegmentPath:
        ended = self.current
        assert ended
        if self._sidecar:
            self._sidecar.close()
        if self._media:
            self._media.close()
        self._sidecar, self._media, self.current = None, None, None
        return ended


def is_full(fault: StoreFault) -> bool:
    """Say whether the disk refused for want of space (quota included)."""
    return fault.errno in (errno.ENOSPC, errno.EDQUOT)
