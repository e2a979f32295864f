"""Guard's diary: sidecars become journal entries, entries become the index, and checkpoints are signed in time."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vigil.clock import Clock
from vigil.config.model import Config
from vigil.config.write import written
from vigil.errors import SealError, StoreError
from vigil.processes.place import Place
from vigil.segments import checkpoint
from vigil.segments.age import b64
from vigil.segments.last_known import LastKnown, read_last_known, write_last_known
from vigil.segments.note import NoteKey
from vigil.segments.session import Session, device_id, identity_name
from vigil.store.disk import Disk
from vigil.store.index import Index, index_path
from vigil.store.ingest import BATCH, new_statements
from vigil.store.journal import Journal
from vigil.store.layout import LAST_KNOWN, SegmentPath, cameras_in

log = logging.getLogger(__name__)


class Diary:
    """The open journal with its index."""

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
    ) -> None:
        self.trust = trust
        self._place = place
        self._disk = disk
        self._clock = clock
        self._session = session
        self._device = device_id(identity.public)
        self._checkpoint_us = round(checkpoint_s * 1_000_000)
        self._checked_us = -self._checkpoint_us
        self.newest_note = ""
        self._bad: set[tuple[SegmentPath, int]] = set()
        self._journal = Journal.open(
            disk, place.journal, clock=clock, random_bytes=os.urandom,
            signer=session.note_signer(identity_name(self._device)), device_id=self._device, clock_trust=trust,
            floor=self._floor(),
        )  # fmt: skip
        self._index = Index.open(index_path(place.state))
        self._index.catch_up(place.journal)
        if session.certificate:
            self.happened("session.certified", {"session": b64(session.public), "cert": session.certificate})
        if self._journal.loss:
            log.error("journal: %s", self._journal.loss)

    def _floor(self) -> checkpoint.Checkpoint | None:
        """Return the newest checkpoint that the video disk remembers: a journal rolled back behind it is found out."""
        try:
            note = read_last_known(self._disk.read_bytes(self._place.video / LAST_KNOWN)).checkpoint
            return checkpoint.peek_checkpoint(note) if note else None
        except (StoreError, SealError):
            return None

    @property
    def log_id(self) -> str:
        """Which log this is."""
        return self._journal.log_id

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._journal.size

    @property
    def checkpoint_size(self) -> int:
        """How many of them the newest checkpoint covers."""
        return self._journal.newest_checkpoint.size

    def happened(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Enter something that guard itself knows."""
        self._index.apply(self._journal.append_many([(kind, fields)], clock_trust=self.trust))

    def take_in(self, video: Path, cameras: Collection[str] | None = None) -> int:
        """Enter what the sidecars of `cameras` (None: of all) say that is new; return how many entries that made."""
        cursors = self._index.cursors()
        made = 0
        for camera in cameras_in(video):
            if cameras is not None and camera not in cameras:
                continue
            fresh = new_statements(self._disk, video, camera, cursors.get(camera, (0, -1)), on_bad=self._is_bad)
            while batch := list(islice(fresh, BATCH)):
                self._index.apply(self._journal.append_many(batch, clock_trust=self.trust))
                made += len(batch)
        return made

    def checkpoint_if_due(self, now_us: int) -> str | None:
        """Sign a checkpoint when it is time and anything was added."""
        if now_us - self._checked_us < self._checkpoint_us:
            return None
        self._checked_us = now_us
        note = self._journal.checkpoint()
        if note:
            self.newest_note = note
        return note

    def prune(self, before_us: int) -> None:
        """Drop the words of entries from before `before_us`, but for those that segments on the disk still need."""
        if (before := self._index.prunable(self.log_id, before_us)) > self._journal.first_kept:
            self._journal.prune(before, clock_trust=self.trust)
            self._index.catch_up(self._place.journal)

    def publish_last_known(self, config: Config) -> None:
        """Keep, beside the recordings, what a recorder needs when the state is away."""
        known = LastKnown(self._device, written(config).decode(), self.newest_note, self._session.certificate or "")
        try:
            self._disk.replace(self._place.video / LAST_KNOWN, write_last_known(known, self._session))
        except StoreError as error:
            log.warning("what was last known could not be kept beside the recordings: %s", error)

    def close(self) -> None:
        """Sign what there is, and let go."""
        try:
            self._journal.checkpoint()
        finally:
            self._journal.close()
            self._index.close()

    def _is_bad(self, segment: SegmentPath, line: int, why: str) -> None:
        if (segment, line) not in self._bad:
            self._bad.add((segment, line))
            log.error("sidecar %s, line %d: %s", segment.seal.name, line, why)
