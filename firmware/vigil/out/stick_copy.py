"""Copying sealed recordings to a prepared stick, in the order that docs/spec/stick.md demands."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigil.clock import Clock
from vigil.errors import SealError, StoreFault
from vigil.out.stick_files import Files, SourceLost, Stopped
from vigil.out.stick_plan import Upto, to_copy
from vigil.segments.sidecar import FINAL, Statement, content, read_line
from vigil.store.disk import Disk
from vigil.store.layout import IDENTITY, MARKER, SegmentPath, cameras_in, segments_of

SPARE_BYTES = 8 << 20
_SAY_EVERY_SEGMENTS, _SAY_EVERY_BYTES = 32, 64 << 20
_TELL_EVERY_US = 1_000_000
_CLUSTERS = 5 * 65_536
"""What a segment may take beyond its bytes: its files' last clusters, and directories."""

_LOG = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Box:
    """Where the box's own files lie; `device` is its id, `store` that of its video store."""

    video: Path
    journal: Path
    device: str
    store: str


@dataclass(slots=True)
class Copied:
    """How an export is, or how it `ended`: ``complete``, ``full``, ``stopped``, ``failed``, and why."""

    ended: str = ""
    why: str = ""
    segments: int = 0
    bytes: int = 0
    written: list[dict[str, Any]] = field(default_factory=list)


class Export:
    """
    One export to the stick that is mounted at `root`. Nothing of the box is ever changed.

    `told` hears every second how far it is (thousandths) and may raise
    `Stopped`; `box_disk` and `stick` are the two disks.
    """

    def __init__(
        self, box: Box, root: Path, *, box_disk: Disk, stick: Disk, clock: Clock,
        told: Callable[[int, Copied], None], spare_bytes: int = SPARE_BYTES, version: str = "",
    ) -> None:  # fmt: skip
        self._box = box
        self._root = root
        self._place = root / "vigil" / box.device
        self._box_disk = box_disk
        self._stick = stick
        self._clock = clock
        self._told = told
        self._spare_bytes = spare_bytes
        self._version = version
        self._files = Files(box_disk, stick, self._moved)
        self._copied = Copied()
        self._total_bytes = 1
        self._moved_bytes = 0
        self._told_us = clock.steady_us() - _TELL_EVERY_US

    def run(self) -> Copied:
        """Copy what was not copied yet; return how that ended. Raises nothing that a stick or a box can do."""
        copied, began_us = self._copied, self._clock.wall_us()
        try:
            self._segments()
            copied.ended = "complete"
        except Stopped:
            copied.ended, copied.why = "stopped", "it was stopped; the next export goes on from here"
        except _Full:
            copied.ended, copied.why = "full", "the stick is full: empty it, or take another one for the rest"
        except StoreFault as fault:
            copied.ended, copied.why = "failed", str(fault)
        except SourceLost as lost:
            copied.ended, copied.why = "failed", f"the box cannot read its own recordings: {lost}"
        try:
            self._tidy()
            if copied.ended != "failed":
                self._end(began_us)
        except (StoreFault, SourceLost, Stopped) as error:
            copied.ended, copied.why = (
                ("failed", str(error)) if copied.ended == "complete" else (copied.ended, copied.why)
            )
        return copied

    def _segments(self) -> None:
        # What ran out of room is no failure of the stick's, wherever it was met.
        try:
            self._beside()
            self._journal()
            self._copy_segments()
        except StoreFault as fault:
            if fault.errno == errno.ENOSPC:
                raise _Full from fault
            raise

    def _copy_segments(self) -> None:
        box = self._box
        exported = self._place / "exported.json"
        upto = Upto.read(self._stick.read_bytes(exported) if exported.exists() else None)
        due = to_copy({camera: segments_of(box.video / camera) for camera in cameras_in(box.video)}, upto, box.store)
        self._total_bytes = sum(_size(path) for _, path in due) or 1
        self._moved_bytes = 0
        unsaid = unsaid_bytes = 0
        said, open_ = upto, set[str]()
        try:
            for camera, path in due:
                if camera in open_:
                    continue
                bytes_ = self._segment(camera, path)
                if bytes_ is None:
                    # At work on it still: nothing behind it may go before it.
                    open_.add(camera)
                    continue
                upto, unsaid, unsaid_bytes = upto.after(box.store, camera, path.seq), unsaid + 1, unsaid_bytes + bytes_
                if unsaid >= _SAY_EVERY_SEGMENTS or unsaid_bytes >= _SAY_EVERY_BYTES:
                    self._stick.replace(exported, upto.data())
                    said, unsaid, unsaid_bytes = upto, 0, 0
        except (_Full, Stopped):
            if said != upto:
                self._stick.replace(exported, upto.data())
            raise
        if said != upto:
            self._stick.replace(exported, upto.data())

    def _segment(self, camera: str, path: SegmentPath) -> int | None:
        """Copy one segment; return its bytes, or None where it is not finished."""
        damaged, end = "", None
        try:
            end = self._end_of(path)
            if end is None:
                return None
        except SourceLost as lost:
            if lost.gone:
                return 0
            damaged = f"its statements cannot be read: {lost}"
        need = _size(path)
        there = all(self._files.sizes_match(one, self._target(one)) for one in _files(path) if one.exists())
        if not there and self._stick.free_bytes(self._root) < need + _CLUSTERS + self._spare_bytes:
            raise _Full
        put: dict[str, list[Any]] = {}
        for one in _files(path):
            if one != path.seal and not one.exists():
                continue
            try:
                done = self._files.put(one, self._target(one))
            except SourceLost as lost:
                damaged = damaged or ("" if lost.gone else f"{one.name} cannot be read: {lost}")
                continue
            put[one.name] = [done.size_bytes, done.sha256]
        signed = end.fields.get("sha256") if end and end.fields["bytes"] else None
        if not damaged and path.media.name in put and put[path.media.name][1] != signed:
            damaged = f"{path.media.name} is not what was signed"
        self._note(camera, path, put, damaged)
        return need

    def _end_of(self, path: SegmentPath) -> Statement | None:
        try:
            data = content(self._box_disk.read_bytes(path.seal))
        except StoreFault as fault:
            raise SourceLost(fault) from fault
        if not data.endswith(b"\n"):
            return None
        try:
            last = read_line(data[:-1].rpartition(b"\n")[2])
        except SealError:
            raise SourceLost(StoreFault("its last line is damaged")) from None
        return last if last.type in FINAL else None

    def _note(self, camera: str, path: SegmentPath, files: dict[str, list[Any]], damaged: str) -> None:
        if not files and not damaged:
            return
        self._copied.segments += 1
        self._copied.bytes += sum(int(size) for size, _ in files.values())
        entry = {"camera": camera, "segment": path.seq, "files": files}
        self._copied.written.append(entry | ({"damaged": damaged} if damaged else {}))

    def _beside(self) -> None:
        """The identities that signed, and the store's marker: without them nobody can check the rest."""
        for one in sorted([*self._box.video.glob(f"{IDENTITY}*"), self._box.video / MARKER]):
            if one.is_file() and not one.name.endswith(".new"):
                self._files.put(one, self._target(one))

    def _journal(self) -> None:
        if not self._box.journal.is_dir():
            return
        for log in sorted(self._box.journal.iterdir()):
            if _LOG.fullmatch(log.name):
                self._log(log)

    def _log(self, log: Path) -> None:
        """One log: what is read first says least, and is written last, so that nothing ever says more than is there."""
        late = [one for one in (*sorted(log.glob("tiles/*/*")), log / "checkpoints") if one.is_file()]
        limits = {one: one.stat().st_size for one in late}
        entries = [one for one in sorted(log.glob("entries/*")) if one.is_file()]
        small = [log / name for name in ("origin", "closed", "pruned") if (log / name).is_file()]
        for one in [*small[:1], *entries, *small[1:], *late]:
            limit = self._whole_lines(one) if one in entries else limits.get(one)
            target = self._place / "state/journal" / one.relative_to(self._box.journal)
            if one in small or not self._files.sizes_match(one, target, limit=limit):
                self._files.put(one, target, limit=limit)

    def _whole_lines(self, path: Path) -> int:
        """Return how many bytes of a file of entries end with a whole line; guard may be writing the next."""
        try:
            with self._box_disk.read(path) as file:
                size = file.size()
                tail = file.read_at(max(0, size - 70_000), 70_000)
        except StoreFault as fault:
            raise SourceLost(fault) from fault
        return size - (len(tail) - tail.rfind(b"\n") - 1)

    def _end(self, began_us: int) -> None:
        self._told = _nobody
        self._journal()
        exports = self._place / "exports"
        self._stick.make_directory(exports)
        numbers = [int(one.stem) for one in exports.glob("[0-9]*.json") if one.stem.isdigit()]
        said = {
            "format": 1, "device": self._box.device, "version": self._version, "began_us": began_us,
            "ended_us": self._clock.wall_us(), "ended": self._copied.ended, "segments": self._copied.written,
        }  # fmt: skip
        path = exports / f"{max(numbers, default=0) + 1:06d}.json"
        self._stick.replace(path, (json.dumps(said, sort_keys=True, indent=1) + "\n").encode())

    def _tidy(self) -> None:
        """Remove what a cut, or our own end, left half written. Nothing else on the stick is ours to remove."""
        if self._place.is_dir():
            for pattern in ("*.part", "*.json.new"):
                for one in self._place.rglob(pattern):
                    with suppress(StoreFault):
                        self._stick.unlink(one)

    def _target(self, source: Path) -> Path:
        return self._place / "video" / source.relative_to(self._box.video)

    def _moved(self, size_bytes: int) -> None:
        self._moved_bytes += size_bytes
        now_us = self._clock.steady_us()
        if now_us - self._told_us >= _TELL_EVERY_US:
            self._told_us = now_us
            self._told(min(1000, self._moved_bytes * 1000 // self._total_bytes), self._copied)


class _Full(Exception):
    """No more fits."""


def _nobody(_done_pm: int, _copied: Copied) -> None:
    """What ends an export is brought to its end, whoever wants to stop it."""


def _files(path: SegmentPath) -> tuple[Path, ...]:
    return path.seal, path.media, path.tail


def _size(path: SegmentPath) -> int:
    total = 0
    for one in _files(path):
        with suppress(OSError):
            total += one.stat().st_size
    return total
