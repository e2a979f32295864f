"""
Holds: segments that nobody deletes until somebody lets them go.

The procedure is docs/spec/store.md, *Hold*. A hold is a file beside the
segment, durable before anybody is told "held", so it binds every process that
deletes, whether guard runs or not. Who placed it or let it go, and why, is
also written to the camera's `.keep-log`, from which it gets into the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.errors import FormatError, StoreError, StoreFault
from vigil.segments import canonical
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.sidecar_file import sizes

KEEP_LOCK = ".keep-lock"
KEEP_LOG = ".keep-log"
_LIMIT_BYTES = 8192
_LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Hold:
    """Who holds a segment, why and since when (wall clock); `why` says so where the file is damaged. It still binds."""

    segment: SegmentPath
    who: str
    why: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Act:
    """A line of the `.keep-log`, its number from 0: ``kept`` or ``released``."""

    line: int
    act: str
    seq: int
    who: str
    why: str
    at_us: int


class Holds:
    """The holds of one camera; `directory` is the camera's."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory

    def place(self, segment: SegmentPath, *, who: str, why: str, at_us: int) -> bool:
        """
        Hold `segment`: durable when this returns. False where it is held already (by whom stays as it is).

        Raises `StoreError` where the segment is gone, or the disk refuses: then it is not held.
        """
        act = _line("kept", segment, who, why, at_us)
        with self._disk.locked(self._directory / KEEP_LOCK):
            if segment.keep.exists():
                # Whoever placed it may have been cut off before it was durable.
                self._disk.sync_directory(segment.directory)
                return False
            if not segment.seal.exists():
                raise StoreError(f"segment {segment.seq} is gone: it was deleted, or its statements are missing")
            self._disk.replace(segment.keep, canonical.encode({"who": who, "why": why, "at_us": at_us}) + b"\n")
            self._log(act)
        return True

    def release(self, segment: SegmentPath, *, who: str, why: str, at_us: int) -> bool:
        """
        Let `segment` go; why is durable before its hold is taken away. False where it is not held.

        Raises `StoreFault`; then it is still held, or the same call may be made again.
        """
        act = _line("released", segment, who, why, at_us)
        with self._disk.locked(self._directory / KEEP_LOCK):
            if not segment.keep.exists():
                return False
            self._log(act)
            self._disk.unlink(segment.keep)
            self._disk.sync_directory(segment.directory)
        return True

    def held(self) -> list[Hold]:
        """Return all holds of the camera, oldest segment first."""
        return [self.read(segment) for segment in segments_of(self._directory) if segment.keep.exists()]

    def read(self, segment: SegmentPath) -> Hold:
        """Return who holds `segment` and why."""
        with suppress(StoreFault, FormatError, KeyError, TypeError):
            said = canonical.decode(self._disk.read_bytes(segment.keep).rstrip(b"\n"), limit_bytes=_LIMIT_BYTES)
            if isinstance(said, dict):
                return Hold(segment, str(said["who"]), str(said["why"]), int(said["at_us"]))
        return Hold(segment, "", "its hold cannot be read, and binds all the same", 0)

    def acts(self) -> Iterator[Act]:
        """Yield what was placed and released, in order. A line that is torn or not ours is left out."""
        path = self._directory / KEEP_LOG
        yield from _acts(self._disk.read_bytes(path)) if path.exists() else ()

    def log_bytes(self) -> int:
        """Return how long the `.keep-log` is. Raises `StoreFault`."""
        return sizes(self._directory / KEEP_LOG)

    def durable_acts(self, last: Act | None) -> list[Act] | None:
        """
        Return what came behind `last` (None: everything), made durable here: a cut cannot take it back.

        All of them where `last` is not in the log: then it is not the log that `last` stood in. None where somebody is
        placing or releasing at the moment. Raises `StoreFault`.
        """
        lock = self._disk.try_lock(self._directory / KEEP_LOCK)
        if lock is None:
            return None
        try:
            data = self._disk.read_bytes(self._directory / KEEP_LOG)
            acts = list(_acts(data))
            fresh = [act for act in acts if act.line > last.line] if last and last in acts else acts
            if fresh:
                whole = data[: data.rfind(b"\n") + 1]
                start = sum(len(line) + 1 for line in whole.split(b"\n")[: fresh[0].line])
                self._disk.write_again(self._directory / KEEP_LOG, start, whole[start:])
                self._disk.sync_directory(self._directory)
        finally:
            self._disk.unlock(lock)
        return fresh

    def _log(self, line: dict[str, Any]) -> None:
        with self._disk.append(self._directory / KEEP_LOG) as file:
            end = file.read_at(file.size() - 1, 1) if file.size() else b"\n"
            # A line that a cut tore stays by itself, so that it spoils no other.
            file.append((b"" if end == b"\n" else b"\n") + canonical.encode(line) + b"\n")
            file.sync()
        self._disk.sync_directory(self._directory)


def _line(act: str, segment: SegmentPath, who: str, why: str, at_us: int) -> dict[str, Any]:
    if not why.strip():
        raise StoreError("say why: whoever finds the hold years later must know what it is for")
    words = {"who": who[:_LONGEST_WORDS], "why": why.strip()[:_LONGEST_WORDS]}
    return {"act": act, "at_us": at_us, "seq": segment.seq, **words}


def _acts(data: bytes) -> Iterator[Act]:
    for number, line in enumerate(data.split(b"\n")[:-1]):
        with suppress(FormatError, KeyError, TypeError):
            said = canonical.decode(line, limit_bytes=_LIMIT_BYTES)
            if isinstance(said, dict):
                act = Act(number, said["act"], said["seq"], said["who"], said["why"], said["at_us"])
                if _is_ours(act):
                    yield act


def _is_ours(act: Act) -> bool:
    words = isinstance(act.who, str) and isinstance(act.why, str)
    return act.act in ("kept", "released") and words and all(type(n) is int and n >= 0 for n in (act.seq, act.at_us))
