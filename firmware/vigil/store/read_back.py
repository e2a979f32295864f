"""Reading a sample of finished files back from the disk itself: a card that forgets is caught before it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.digest import Sha256
from vigil.errors import StoreFault
from vigil.store.disk import Disk, DiskFile, named
from vigil.store.layout import SegmentPath
from vigil.store.sidecar_file import last_statement

STEP_BYTES = 512 << 10


@dataclass(frozen=True, slots=True)
class Damage:
    """Segment `seq` does not read as it was written."""

    seq: int
    why: str


class ReadBack:
    """Takes one in `every` finished segments (0: none) and reads it in small steps, past the page cache."""

    def __init__(self, disk: Disk, *, every: int) -> None:
        self._disk = disk
        self._every = every
        self._count = 0
        self._segment: SegmentPath | None = None
        self._file: DiskFile | None = None
        self._offset = 0
        self._digest = Sha256()
        self.checked = 0

    def take(self, segment: SegmentPath) -> None:
        """Consider a segment that was just finished."""
        self._count += 1
        if self._every and self._count % self._every == 0 and self._segment is None:
            self._segment = segment

    def step(self) -> Damage | None:
        """Read half a mebibyte more; return what is wrong, once the whole file was read."""
        if self._segment is None:
            return None
        segment = self._segment
        try:
            with named(segment.media, "read back"):
                if segment.media.exists():
                    return self._read(segment)
                self._drop()
                return None
        except StoreFault as fault:
            self._drop()
            return Damage(segment.seq, f"it cannot be read back: {fault}"[:300])

    def _read(self, segment: SegmentPath) -> Damage | None:
        if self._file is None:
            self._file = self._disk.read(segment.media)
            # What the page cache remembers says nothing about the card.
            self._file.forget_cached()
            self._digest, self._offset = Sha256(), 0
        part = self._file.read_at(self._offset, STEP_BYTES)
        self._digest.update(part)
        self._offset += len(part)
        if part:
            return None
        last = last_statement(self._disk, segment.seal)
        self._drop()
        self.checked += 1
        if last and last.fields.get("sha256") not in (None, self._digest.hexdigest()):
            return Damage(segment.seq, "read back from the disk, it differs from what was written")
        return None

    def _drop(self) -> None:
        if self._file:
            self._file.close()
        self._segment, self._file = None, None
