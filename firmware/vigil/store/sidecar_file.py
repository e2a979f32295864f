"""A sidecar on the disk: every statement is durable before anything goes on, and a torn one is cut off first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import FINAL, Chain, Statement, read_line, whole_bytes
from vigil.store.disk import Disk, DiskFile


class SidecarFile:
    """The open sidecar of a camera. After a `StoreFault`, only `abandon` may be called."""

    def __init__(self, disk: Disk, path: Path, chain: Chain) -> None:
        self._chain = chain
        self._file: DiskFile = disk.create(path)
        self.path = path
        self.durable_bytes = 0

    def say(self, type_: str, **fields: Any) -> str:
        """Append one statement, durably. Returns its digest. Raises `StoreFault`."""
        line, digest = self._chain.statement(type_, **fields)
        self._file.append(line)
        self._file.sync()
        self.durable_bytes += len(line)
        self._chain.written(digest)
        return digest

    def close(self) -> None:
        """Let the file go. Never raises: everything in it is durable already."""
        try:
            self._file.close()
        except StoreFault:
            pass  # a failing close can lose only what was not synced, and everything was


def read_sidecar(disk: Disk, path: Path) -> tuple[list[Statement], int]:
    """
    Return the statements of a sidecar up to the first one that is not right, and the bytes they take.

    Used where the writer's own files are read again, after a cut: a reader who
    has to judge uses `segments/verify.py`.
    """
    data = disk.read_bytes(path)
    statements: list[Statement] = []
    taken = 0
    for line in data[: whole_bytes(data)].split(b"\n")[:-1]:
        try:
            statements.append(read_line(line))
        except SealError:
            break
        taken += len(line) + 1
    return statements, taken


def last_statement(disk: Disk, path: Path, *, window_bytes: int = 65_536) -> Statement | None:
    """Return the last whole statement of a sidecar, reading only its end; None where there is none."""
    with disk.read(path) as file:
        size = file.size()
        data = file.read_at(max(0, size - window_bytes), window_bytes)
    whole = data[: whole_bytes(data)]
    lines = whole.split(b"\n")[:-1]
    if not lines or (len(lines) == 1 and size > window_bytes):
        return None
    try:
        return read_line(lines[-1])
    except SealError:
        return None


def is_finished(disk: Disk, path: Path) -> bool:
    """Say whether the sidecar ends with a statement that nothing may follow."""
    last = last_statement(disk, path)
    return last is not None and last.type in FINAL


def sizes(path: Path) -> int:
    """Return the size of `path` in bytes, 0 where it does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
