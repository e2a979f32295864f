"""Files on their way to a stick: whole and durable there before they have their name, and read back."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import StoreFault
from vigil.store.disk import Disk, DiskFile

_PIECE = 1 << 20


class Stopped(Exception):
    """Somebody wants this to end."""


class SourceLost(Exception):
    """The box's own disk does not give this file; `gone` says that the box deleted it meanwhile."""

    def __init__(self, fault: StoreFault) -> None:
        super().__init__(str(fault))
        self.gone = fault.errno == errno.ENOENT


@dataclass(frozen=True, slots=True)
class Put:
    """A file that is on the stick now, and its digest (hex SHA-256)."""

    size_bytes: int
    sha256: str
    written: bool


class Files:
    """Copies from the box, which is only read, to the stick. `moved` hears of bytes, and may raise `Stopped`."""

    def __init__(self, box: Disk, stick: Disk, moved: Callable[[int], None]) -> None:
        self._box = box
        self._stick = stick
        self._moved = moved

    def put(self, source: Path, target: Path, *, limit: int | None = None) -> Put:
        """
        Make `target` what the first `limit` bytes of `source` are; what is there and the same is not written again.

        Raises `StoreFault` of the stick, `SourceLost` of the box.
        """
        with self._open(source) as old:
            size = old.size() if limit is None else min(limit, old.size())
            if target.exists() and target.stat().st_size == size:
                wanted = self._digest(old, size, of_box=True)
                with self._stick.read(target) as there:
                    if self._digest(there, size, of_box=False) == wanted:
                        self._moved(size)
                        return Put(size, wanted, written=False)
            return Put(size, self._write(old, size, target), written=True)

    def sizes_match(self, source: Path, target: Path, *, limit: int | None = None) -> bool:
        """Say whether the stick has a file of this size already."""
        try:
            size = source.stat().st_size
            return target.stat().st_size == (size if limit is None else min(limit, size))
        except OSError:
            return False

    def _write(self, old: DiskFile, size: int, target: Path) -> str:
        self._stick.make_directory(target.parent)
        part = target.with_name(f"{target.name}.part")
        self._stick.unlink(part)
        digest = hashlib.sha256()
        with self._stick.create(part) as new:
            for offset in range(0, size, _PIECE):
                piece = self._piece(old, offset, min(_PIECE, size - offset))
                new.append(piece)
                digest.update(piece)
                self._moved(len(piece))
            new.sync()
            # Not what the system remembers, but what the stick gives back: some sticks have less room than they say.
            new.forget_cached()
        with self._stick.read(part) as again:
            if self._digest(again, size, of_box=False) != digest.hexdigest():
                fault = StoreFault(f"the stick gives back other bytes than were written to {target.name}: replace it")
                fault.errno = errno.EIO
                raise fault
        self._stick.rename(part, target)
        self._stick.sync_directory(target.parent)
        return digest.hexdigest()

    def _digest(self, file: DiskFile, size: int, *, of_box: bool) -> str:
        digest = hashlib.sha256()
        for offset in range(0, size, _PIECE):
            length = min(_PIECE, size - offset)
            digest.update(self._piece(file, offset, length) if of_box else file.read_at(offset, length))
        return digest.hexdigest()

    def _open(self, source: Path) -> DiskFile:
        try:
            return self._box.read(source)
        except StoreFault as fault:
            raise SourceLost(fault) from fault

    def _piece(self, file: DiskFile, offset: int, length: int) -> bytes:
        try:
            return file.read_at(offset, length)
        except StoreFault as fault:
            raise SourceLost(fault) from fault
