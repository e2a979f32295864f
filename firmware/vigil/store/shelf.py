"""What stands on the shelf: every finished segment with what its sidecar says, read once and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vigil.clock.trust import Trust
from vigil.errors import StoreFault
from vigil.segments.sidecar import FINAL
from vigil.store.disk import Disk
from vigil.store.hold_ranges import Range, Ranges
from vigil.store.holds import Holds
from vigil.store.keeps import How, Keep
from vigil.store.lasting import ends_of, times_of
from vigil.store.layout import SegmentPath, cameras_in, segments_of
from vigil.store.retention import Kept
from vigil.store.sidecar_file import sizes


class Shelf:
    """The segments of a store, for those who decide what to forget."""

    def __init__(self, disk: Disk, video: Path) -> None:
        self._disk = disk
        self._video = video
        self._known: dict[SegmentPath, Kept] = {}
        self._keeps: dict[SegmentPath, tuple[tuple[int, int], Keep]] = {}
        self.ranges: dict[str, list[Range]] = {}
        """What ranges are kept of each camera, as they were found at the last look."""
        self.unbound: list[tuple[str, SegmentPath, Range]] = []
        """Segments of such a range whose own `.keep` does not say so yet."""

    def kept(self) -> list[Kept]:
        """Look again, and return all segments that have a sidecar. Holds and stars are looked up every time."""
        finished: dict[SegmentPath, Kept] = {}
        keeps: dict[SegmentPath, tuple[tuple[int, int], Keep]] = {}
        out = []
        self.ranges, self.unbound = {}, []
        for camera in cameras_in(self._video):
            holds, ranges = Holds(self._disk, self._video / camera), Ranges(self._disk, self._video / camera).all()
            self.ranges[camera] = ranges
            for path in segments_of(self._video / camera):
                one, is_finished = (known, True) if (known := self._known.get(path)) else self._read(camera, path)
                if one is None:
                    continue
                if is_finished:
                    finished[path] = one
                if path.keep.exists():
                    keeps[path] = self._keep(holds, path)
                out.append(self._marked(one, path, keeps[path][1] if path in keeps else Keep(), ranges))
        self._known, self._keeps = finished, keeps
        return out

    def _keep(self, holds: Holds, path: SegmentPath) -> tuple[tuple[int, int], Keep]:
        """Read what keeps a segment, where that is not what it was when we last looked."""
        try:
            stat = path.keep.stat()
            mark = stat.st_ino, stat.st_mtime_ns
        except OSError:
            mark = 0, 0
        known = self._keeps.get(path)
        return known if known and known[0] == mark != (0, 0) else (mark, holds.keep_of(path))

    def _marked(self, one: Kept, path: SegmentPath, keep: Keep, ranges: Sequence[Range]) -> Kept:
        """Say what keeps `one`: its own file, or a range that covers it, whose word that file is still to get."""
        hows = {how for how in How if keep.word(how)}
        for covering in ranges:
            if covering.how not in hows and covering.span.covers(one.started_us, one.ended_us):
                hows.add(covering.how)
                self.unbound.append((one.camera, path, covering))
        return replace(one, held=How.HOLD in hows, starred=hows == {How.STAR}) if hows else one

    def _read(self, camera: str, path: SegmentPath) -> tuple[Kept | None, bool]:
        """
        Read both ends of a sidecar; say whether it is finished, so that it need not be read again.

        Where nothing says until when an unfinished one lasted, its clock counts
        as not to be believed.
        """
        try:
            size = sizes(path.media) + sizes(path.tail) + sizes(path.seal)
            first, last = ends_of(self._disk, path)
        except StoreFault:
            return None, False
        trust = first.fields.get("clock") if first and last else ""
        known = Trust(trust) if trust in list(Trust) else Trust.UNSYNCED
        return Kept(camera, path.seq, size, *times_of(first, last), known), last is not None and last.type in FINAL
