"""Room on the disk: what is done when there is none, or nearly none, and nobody else does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from vigil.errors import StoreFault, StoreFull
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import RESERVE, SegmentPath, segments_of
from vigil.store.sidecar_file import sizes

_AT_ONCE = 50
"""Segments deleted in one go at most, so that pictures are not kept waiting."""


class Room:
    """
    The free space around one camera's store. `reserve_bytes` is what should always be free, reserve included.

    Unless it `deletes`, nothing is ever deleted to make some: its owner does that.
    Where it `gives_up_stars`, starred recordings go when nothing else may.
    """

    def __init__(
        self, disk: Disk, video: Path, *, reserve_bytes: int, deletes: bool = True, gives_up_stars: bool = False
    ) -> None:
        self._disk = disk
        self._video = video
        self._deletes = deletes
        self._gives_up_stars = gives_up_stars
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

    def lacks(self, waiting_bytes: int) -> bool:
        """Say whether what waits in memory does not fit, or next to nothing would be left."""
        return self.free_bytes() < max(self.reserve_bytes // 2, waiting_bytes + waiting_bytes // 4)

    def make(self, store: CameraStore, *, why: str, waiting_bytes: int = 0, ready: Callable[[], None]) -> int:
        """
        Delete the camera's own oldest segments until the reserve's size is free; return how many went.

        `waiting_bytes` wait in memory to be written and must fit as well.
        `ready` is called before the first one goes: a sidecar must be open then, and is to cost nothing otherwise.

        Raises `StoreFull` where nothing may be deleted.
        """
        need_bytes = max(self.reserve_bytes, waiting_bytes + waiting_bytes // 4)
        deleted = 0
        for segment in self._may_go(store):
            if self.free_bytes() >= need_bytes or deleted == _AT_ONCE:
                break
            ready()
            deleted += store.delete(segment, why=why, star_too=self._gives_up_stars)
        if self.free_bytes() < need_bytes // 2 and not deleted:
            raise StoreFull(self._full_words(store.camera))
        return deleted

    def _may_go(self, store: CameraStore) -> Iterator[SegmentPath]:
        """Yield what may be deleted, oldest first; what is starred comes last."""
        if not self._deletes:
            return
        segments = segments_of(store.directory)
        yield from (segment for segment in segments if not segment.keep.exists())
        if self._gives_up_stars:
            holds = Holds(self._disk, store.directory)
            yield from (segment for segment in segments if segment.keep.exists() and not holds.keep_of(segment).hold)

    def _full_words(self, camera: str) -> str:
        if not self._deletes:
            return (
                "the disk is full and nothing is deleted automatically: set storage.delete = true, or use a larger disk"
            )
        return (
            f"the disk is full and nothing of {camera} may be deleted (everything is held, or too new): "
            "release a hold or use a larger disk"
        )
