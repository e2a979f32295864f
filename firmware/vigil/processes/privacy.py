"""The owner's pause of one camera, kept beside its recordings: privacy must not end because the power did."""

from __future__ import annotations

import logging
from contextlib import suppress

from vigil.errors import StoreError, StoreFault
from vigil.events import Pause
from vigil.processes.place import Place
from vigil.store.disk import UNREADABLE, Disk
from vigil.store.marker import check_marker

log = logging.getLogger(__name__)


class Privacy:
    """What the disk remembers of the pause. One that it refuses is tried again; the camera is paused all the same."""

    def __init__(self, disk: Disk, place: Place, camera: str) -> None:
        self._disk = disk
        self._place = place
        self._path = place.video / camera / ".paused"
        self._ordered: Pause | None = None
        self._seen = self._told = False
        self.who = self.paused_by()
        """Who has paused the camera, nobody where it keeps what it sees."""

    def paused_by(self) -> str:
        """Return who paused the camera; nothing where nobody did, or the disk cannot say."""
        try:
            return self._disk.read_bytes(self._path).decode(errors="replace") or "somebody"
        except StoreFault as fault:
            # The file is there, whoever it named: that is what says that the camera is paused.
            return "somebody" if fault.errno in UNREADABLE and self._is_there() else ""

    def _is_there(self) -> bool:
        with suppress(OSError):
            return self._path.exists()
        return False

    def order(self, pause: Pause) -> None:
        """Remember that the camera is paused, or no longer."""
        self._ordered = pause
        self.who = pause.who if pause.paused else ""
        self.look()

    def look(self) -> str:
        """
        Keep what was ordered, once the disk takes it; to be called every second.

        Returns who paused the camera where a disk says so that was not there
        when recording began.
        """
        if self._seen and self._ordered is None:
            return ""
        try:
            check_marker(self._disk, self._place.video, self._place.known_store())
            if self._ordered is not None:
                self._keep(self._ordered)
        except StoreError as error:
            if self._ordered is not None and not self._told:
                self._told = True
                log.warning("the pause of %s would not survive a restart yet: %s", self._ordered.camera, error)
            return ""
        found = "" if self._seen or self._ordered else self.paused_by()
        self.who = found or self.who
        self._seen, self._told, self._ordered = True, False, None
        return found

    def _keep(self, pause: Pause) -> None:
        if pause.paused:
            self._disk.make_directory(self._path.parent)
            self._disk.replace(self._path, pause.who.encode())
        elif self._path.parent.is_dir():
            self._disk.unlink(self._path)
            self._disk.sync_directory(self._path.parent)
