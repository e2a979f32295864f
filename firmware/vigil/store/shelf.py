"""What stands on the shelf: every finished segment with what its sidecar says, read once and remembered."""

from __future__ import annotations

from pathlib import Path

from vigil.clock.trust import Trust
from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import FINAL, LINE_LIMIT_BYTES, Statement, read_line
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
        finished: dict[SegmentPath, Kept] = {}
        out = []
        for camera in cameras_in(self._video):
            for path in segments_of(self._video / camera):
                one, is_finished = (known, True) if (known := self._known.get(path)) else self._read(camera, path)
                if one is None:
                    continue
                if is_finished:
                    finished[path] = one
                out.append(_held(one) if path.keep.exists() else one)
        self._known = finished
        return out

    def _read(self, camera: str, path: SegmentPath) -> tuple[Kept | None, bool]:
        """
        Read both ends of a sidecar; say whether it is finished, so that it need not be read again.

        An unfinished one has lasted until its last statement at least. Where
        nothing says until when, its clock counts as not to be believed.
        """
        try:
            size = sizes(path.media) + sizes(path.tail) + sizes(path.seal)
            last = last_statement(self._disk, path.seal)
            with self._disk.read(path.seal) as file:
                first = read_line(file.read_at(0, LINE_LIMIT_BYTES).partition(b"\n")[0])
        except StoreFault:
            return None, False
        except SealError:
            first = None
        opened = first.fields if first and first.type == "opened" else {}
        started_us = opened.get("start_us") if opened.get("kind") == "media" else first.at_us if first else 0
        ended_us = _ended_us(last, started_us or 0)
        trust = opened.get("clock") if last else ""
        known = Trust(trust) if trust in list(Trust) else Trust.UNSYNCED
        return Kept(camera, path.seq, size, started_us or 0, ended_us, known), last is not None and last.type in FINAL


def _ended_us(last: Statement | None, started_us: int) -> int:
    if last is None:
        return 0
    if last.type == "recovered":
        # A recovery is made later, by a clock that the segment's own says nothing of.
        return last.fields["end_us"] or started_us
    return (last.fields["end_us"] if last.type in ("sealed", "flushed") else 0) or last.at_us


def _held(one: Kept) -> Kept:
    return Kept(one.camera, one.seq, one.size_bytes, one.started_us, one.ended_us, one.clock, held=True)
