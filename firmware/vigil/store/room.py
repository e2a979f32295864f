"""Room on the disk: what is done when there is none, or nearly none, and nobody else does it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from vigil.errors import StoreFault, StoreFull
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.layout import RESERVE, segments_of
from vigil.store.sidecar_file import sizes

_AT_ONCE = 50
"""Segments deleted in one go at most, so that pictures are not kept waiting."""


class Room:
    """The free space around one camera's store. `reserve_bytes` is what should always be free, reserve included."""

    def __init__(self, disk: Disk, video: Path, *, reserve_bytes: int) -> None:
        self._disk = disk
        self._video = video
        self.reserve_bytes = reserve_bytes

    def free_bytes(self) -> int:
        """Return the bytes that may still be written. Raises `StoreFault` (a probe that fails is not free space)."""
        return self._disk.free_bytes(self._video)

    def is_short(self) -> bool:
        """Say whether less is free than the reserve would give back."""
        return self.free_bytes() < self.reserve_bytes // 2

    def open_reserve(self) -> None:
        """Give the reserve back to the file system."""
        self._disk.unlink(self._video / RESERVE)
        self._disk.sync_directory(self._video)

    def make_reserve(self) -> bool:
        """Set the reserve aside where there is ample room for it; say whether it is there."""
        path = self._video / RESERVE
        # Its size tells a whole one from what a cut left of one.
        if sizes(path) >= self.reserve_bytes:
            return True
        if self.free_bytes() < 3 * self.reserve_bytes:
            return False
        try:
            with self._disk.append(path) as file:
                file.reserve(self.reserve_bytes)
        except StoreFault:
            # A part of it only takes room from those who need it now.
            with suppress(StoreFault):
                self._disk.unlink(path)
            raise
        return True

    def make(self, store: CameraStore, *, why: str, waiting_bytes: int = 0) -> int:
        """
        Delete the camera's own oldest segments until the reserve's size is free; return how many went.

        `waiting_bytes` wait in memory to be written and must fit as well.

        A sidecar must be open. Raises `StoreFull` where nothing may be deleted.
        """
        need_bytes = max(self.reserve_bytes, waiting_bytes + waiting_bytes // 4)
        deleted = 0
        for segment in segments_of(store.directory):
            if self.free_bytes() >= need_bytes or deleted == _AT_ONCE:
                break
            deleted += store.delete(segment, why=why)
        if self.free_bytes() < need_bytes // 2 and not deleted:
            raise StoreFull(
                f"the disk is full and nothing of {store.camera} may be deleted (everything is held, or too new): "
                "release a hold or use a larger disk"
            )
        return deleted
