"""Guard's diary: sidecars become journal entries, entries become the index, and checkpoints are signed in time."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from vigil.clock import Clock
from vigil.config.model import Config
from vigil.config.write import written
from vigil.errors import FormatError, SealError, StoreError, StoreFault, VigilError
from vigil.processes.diary_holds import NewHolds
from vigil.processes.place import Place
from vigil.segments.age import b64
from vigil.segments.checkpoint import Checkpoint, open_checkpoint
from vigil.segments.last_known import LastKnown, read_last_known, write_last_known
from vigil.segments.note import NoteKey
from vigil.segments.session import Session, device_id, identity_name, open_certificate
from vigil.store.disk import Disk
from vigil.store.index import Index, index_path
from vigil.store.ingest import BATCH, Cursor, Happened, Line, new_statements
from vigil.store.journal import Journal
from vigil.store.journal_read import LogReader
from vigil.store.layout import LAST_KNOWN, LOCK, SegmentPath, cameras_in
from vigil.store.marker import check_marker, store_of
from vigil.store.mended import mended
from vigil.store.sidecar_file import make_durable
from vigil.store.whose import STORE_USED

log = logging.getLogger(__name__)
_NOWHERE: Cursor = (0, -1)


class Diary:
    """
    The open journal with its index. `config` is what is in force, published beside the recordings.

    Every method but `close` may raise `VigilError`: then close it and open it again.
    """

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        session: Session,
        identity: NoteKey,
        checkpoint_s: float,
        trust: str,
        config: Config,
    ) -> None:
        self.trust = trust
        self._place = place
        self._disk = disk
        self._clock = clock
        self._session = session
        self._device = device_id(identity.public)
        self._config = config
        self._checkpoint_us = round(checkpoint_s * 1_000_000)
        self._checked_us = -self._checkpoint_us
        self.newest_note = ""
        self.unreadable: dict[tuple[SegmentPath, int], str] = {}
        """Lines of sidecars that could not be taken in, and why."""
        self.waiting: dict[str, str] = {}
        """Cameras of which something is not entered yet, since the disk refuses to make it durable first."""
        self._journal = Journal.open(
            disk, place.journal, clock=clock, random_bytes=os.urandom,
            signer=session.note_signer(identity_name(self._device)), device_id=self._device, clock_trust=trust,
            floor=self._floor(identity), vouched=self._vouched_fields(),
        )  # fmt: skip
        try:
            self.loss, self._lost_before_us = _loss_of(LogReader(self._journal.directory, disk=disk))
            self._index = _caught_up(index_path(place.state), place.journal)
            self._store = ""
            self._holds = NewHolds(disk, place.video, ())
        except BaseException:
            # Whoever opens it next must find it free.
            self._journal.close()
            raise
        if self._journal.loss:
            log.error("journal: a new log begins: %s", self._journal.loss)

    @property
    def log_id(self) -> str:
        """Which log this is."""
        return self._journal.log_id

    @property
    def lost_at_us(self) -> int:
        """When this log was begun in the place of one that was lost (wall clock); 0 where none was."""
        return self._lost_before_us

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._journal.size

    @property
    def checkpoint_size(self) -> int:
        """How many of them the newest checkpoint covers."""
        return self._journal.newest_checkpoint.size

    def happened(self, kind: str, fields: Mapping[str, Any]) -> None:
        """
        Enter something that guard itself knows.

        What the journal has no form for is entered as words: whoever waits for
        an entry before he goes on would else wait for ever.
        """
        try:
            entries = self._journal.append_many([(kind, fields)], clock_trust=self.trust)
        except FormatError as error:
            log.error("journal: %s cannot be entered as it is (please report it): %s", kind, error)
            entries = self._journal.append_many([mended(kind, fields, str(error))], clock_trust=self.trust)
        self._index.apply(entries)

    def newest(self, *kinds: str) -> Mapping[str, Any] | None:
        """Return what the newest entry of these kinds says, and its `kind`; None where there never was one."""
        found = self._index.newest(*kinds)
        return {**found.fields, "kind": found.kind} if found else None

    def take_in(
        self, cameras: Collection[str] | None = None, *, announced: Mapping[tuple[str, str], Cursor] | None = None
    ) -> int:
        """
        Enter what the sidecars of `cameras` say that is new, and what was held and released; return how many entries.

        `announced` is how far each recorder says that its statements are durable, by store and camera.
        With None for `cameras` all are looked at, and so are those that nobody records.
        From a disk that is not ours, nothing is taken in.
        """
        store = self._store_here()
        if not store:
            return 0
        self._use(store)
        cursors, made = self._index.cursors(self.log_id, store=store), 0
        for camera in cameras_in(self._place.video):
            self.waiting.pop(camera, None)
            if cameras is None or camera in cameras:
                is_durable = partial(
                    self._is_durable, camera, (announced or {}).get((store, camera), _NOWHERE), settle=cameras is None
                )
                made += self._enter_all(
                    new_statements(
                        self._disk, self._place.video, camera, cursors.get(camera, _NOWHERE),
                        is_durable=is_durable, on_bad=self._is_bad,
                    )
                )  # fmt: skip
            made += self._take_in_holds(camera)
        return made

    def _store_here(self) -> str:
        return store_of(self._disk, self._place.video, self._place.known_store())

    def _use(self, store: str) -> None:
        """Take in from this store from now on; that it is another one than before is entered first."""
        if store == self._store:
            return
        if store != self._index.store_in_use(self.log_id):
            self.happened(STORE_USED, {"store": store})
        entered = (row for row in self._index.newest_holds(self.log_id) if row.store == store)
        self._holds = NewHolds(self._disk, self._place.video, entered)
        self.unreadable.clear()
        self.waiting.clear()
        self._store = store

    def _take_in_holds(self, camera: str) -> int:
        try:
            fresh = self._holds.of(camera)
        except StoreFault as fault:
            self.waiting[camera] = str(fault)
            return 0
        if made := self._enter_all(iter(fresh)):
            self._holds.done(camera)
        return made

    def _enter_all(self, fresh: Iterator[Happened]) -> int:
        made = 0
        while batch := [self._marked(one) for one in islice(fresh, BATCH)]:
            # The disk may have been changed while we read from it; the next look sees which one it is now.
            if self._store_here() != self._store:
                return made
            self._index.apply(self._journal.append_many(batch, clock_trust=self.trust))
            made += len(batch)
        return made

    def _is_durable(self, camera: str, announced: Cursor, newest: Line, *, settle: bool) -> bool:
        """Say whether a camera's very last line can be relied upon: its recorder says so, or there is none."""
        segment, number, line = newest
        if (segment.seq, number) <= announced:
            return True
        if not settle:
            return False
        directory = self._place.video / camera
        try:
            lock = self._disk.try_lock(directory / LOCK)
            if lock is None:
                return False
            try:
                return make_durable(self._disk, segment.seal) == line
            finally:
                self._disk.unlock(lock)
        except StoreFault as fault:
            self.waiting[camera] = str(fault)
            return False

    def _marked(self, happened: Happened) -> Happened:
        """Say whose it is; mark what a log before this one may have had already, and lost."""
        kind, fields = happened
        recovered = {"recovered": True} if fields["stated_us"] < self._lost_before_us else {}
        return kind, {**fields, **recovered, "store": self._store}

    def checkpoint_if_due(self, now_us: int) -> str | None:
        """
        Sign a checkpoint when it is time and anything was added.

        Not before the identity vouches for our key: should we be killed until
        then, nobody could ever tell whose signature that was.
        """
        if self._session.certificate is None or now_us - self._checked_us < self._checkpoint_us:
            return None
        self._checked_us = now_us
        note = self._journal.checkpoint()
        if note:
            self.newest_note = note
            self._publish()
        return note

    def prune(self, before_us: int) -> None:
        """Drop the words of entries from before `before_us`, but for those that segments on the disk still need."""
        if self._session.certificate is None:
            return
        if (before := self._index.prunable(self.log_id, before_us)) > self._journal.first_kept:
            # Which store is used, and how far holds were entered, must not be forgotten with the words.
            if store := self._index.store_in_use(self.log_id):
                self.happened(STORE_USED, {"store": store, "repeated": True})
            away = self._index.away(before_us)
            for row in self._index.newest_holds(self.log_id):
                if row.seq < before and row.store not in away:
                    whose = {"store": row.store} if row.store else {}
                    self.happened(row.kind, {**row.fields, **whose, "repeated": True})
            self._journal.prune(before, clock_trust=self.trust)
            self._index.catch_up(self._place.journal)

    def close(self) -> None:
        """Sign what there is, and let go of both, whatever becomes of the first. Never raises a `VigilError`."""
        with ExitStack() as parts:
            parts.callback(_let_go, self._index)
            parts.callback(_let_go, self._journal)
            try:
                if self._session.certificate is not None and self._journal.checkpoint():
                    log.debug("the journal is signed up to entry %d", self.size)
            except VigilError as error:
                log.warning("journal: what came last is not signed yet: %s", error)

    def _vouched_fields(self) -> dict[str, str]:
        cert = self._session.certificate
        return {"session": b64(self._session.public), "cert": cert} if cert else {}

    def _publish(self) -> None:
        """Keep, beside the recordings, what is needed when the state is away: a recorder's settings, our checkpoint."""
        known = LastKnown(
            self._device, written(self._config).decode(), self.newest_note, self._session.certificate or ""
        )
        try:
            check_marker(self._disk, self._place.video, self._place.known_store())
            if not known.certificate and (before := self._last_known()):
                # One that nobody vouches for yet must not take the place of one that proves something.
                known = replace(known, checkpoint=before.checkpoint, certificate=before.certificate)
            self._disk.replace(self._place.video / LAST_KNOWN, write_last_known(known, self._session))
        except StoreError as error:
            log.warning("what was last known could not be kept beside the recordings: %s", error)

    def _last_known(self) -> LastKnown | None:
        try:
            return read_last_known(self._disk.read_bytes(self._place.video / LAST_KNOWN))
        except (StoreError, SealError):
            return None

    def _floor(self, identity: NoteKey) -> Checkpoint | None:
        """Return the checkpoint that lies beside the recordings, where our identity vouches for who signed it."""
        known = self._last_known()
        if known is None or not known.checkpoint:
            return None
        try:
            signed_by = open_certificate(known.certificate, identity).public
            return open_checkpoint(known.checkpoint, [NoteKey(identity_name(self._device), signed_by)])
        except SealError as error:
            log.warning("the checkpoint beside the recordings proves nothing: %s", error)
            return None

    def _is_bad(self, segment: SegmentPath, line: int, why: str) -> None:
        if (segment, line) not in self.unreadable:
            self.unreadable[segment, line] = why
            log.error("sidecar %s, line %d: %s", segment.seal.name, line, why)


def _caught_up(path: Path, journal: Path) -> Index:
    index = Index.open(path)
    try:
        index.catch_up(journal)
    except BaseException:
        index.close()
        raise
    return index


def _let_go(part: Journal | Index) -> None:
    try:
        part.close()
    except VigilError as error:
        log.warning("journal: %s", error)


def _loss_of(reader: LogReader) -> tuple[str, int]:
    """Return why this log was begun in another's place, and when; 0 where it was not, or is pruned as far."""
    first = next(reader.entries(), None)
    loss = first.fields.get("loss") if first and first.seq == 0 else None
    return (str(loss), first.at_us) if first and loss else ("", 0)
