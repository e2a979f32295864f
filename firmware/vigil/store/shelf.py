"""What stands on the shelf: every finished segment with what its sidecar says, read once and remembered."""

from __future__ import annotations

from pathlib import Path

from vigil.clock.trust import Trust
from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import FINAL, LINE_LIMIT_BYTES, read_line
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, cameras_in, segments_of
from vigil.store.retention import Kept
from vigil.store.sidecar_file import last_statement, sizes


class Shelf:
    """The segments of a store, for those who decide what to forget."""

    def __init__(self, disk: Disk, video: Path) -> None:
        self._disk = disk
        self._video = video
        self._known: dict[SegmentPath, Kept] = {}

    def kept(self) -> list[Kept]:
        """Look again, and return all segments that have a sidecar. Holds are looked up every time."""
        known: dict[SegmentPath, Kept] = {}
        out = []
        for camera in cameras_in(self._video):
            for path in segments_of(self._video / camera):
                one = self._known.get(path) or self._read(camera, path)
                if one is None:
                    continue
                if one.ended_us:
                    known[path] = one
                out.append(_held(one) if path.keep.exists() else one)
        self._known = known
        return out

    def _read(self, camera: str, path: SegmentPath) -> Kept | None:
        """Read both ends of a sidecar. An unfinished one has no end yet (`ended_us` 0) and is read again."""
        try:
            last = last_statement(self._disk, path.seal)
            with self._disk.read(path.seal) as file:
                first = read_line(file.read_at(0, LINE_LIMIT_BYTES).partition(b"\n")[0])
        except StoreFault:
            return None
        except SealError:
            first = None
        size = sizes(path.media) + sizes(path.tail) + sizes(path.seal)
        trust = Trust(first.fields["clock"]) if first and first.fields.get("clock") in list(Trust) else Trust.UNSYNCED
        started = first.fields.get("start_us", first.at_us) if first else 0
        finished = last is not None and last.type in FINAL
        ended = (last.fields.get("end_us") or last.at_us) if last and finished else 0
        return Kept(camera, path.seq, size, started, ended, trust)


def _held(one: Kept) -> Kept:
    return Kept(one.camera, one.seq, one.size_bytes, one.started_us, one.ended_us, one.clock, held=True)
