"""A sidecar on the disk: every statement is durable before anything goes on, and a torn one is cut off first."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from vigil.errors import SealError, StoreFault
from vigil.segments.sidecar import Chain, Statement, read_line, whole_bytes
from vigil.store.disk import Disk, DiskFile, named

ROOM_BYTES = 32_768
"""
Written as zeros in advance, a minute of statements.

Overwriting blocks that are there changes nothing but their content, so that
syncing a statement costs one block and no commit of the file system's journal
(measured: docs/ref/bench.md).
"""


class SidecarFile:
    """The open sidecar of a camera. After a `StoreFault`, only `close` may be called."""

    def __init__(self, disk: Disk, path: Path, chain: Chain) -> None:
        self._chain = chain
        self._file: DiskFile = disk.create_in_place(path)
        self.path = path
        self.durable_bytes = 0
        self._room_bytes = 0

    def say(self, type_: str, **fields: Any) -> str:
        """Append one statement, durably. Returns its digest. Raises `StoreFault`."""
        line, digest = self._chain.statement(type_, **fields)
        end = self.durable_bytes + len(line)
        more = 0
        if end > self._room_bytes:
            more = -(-end // ROOM_BYTES) * ROOM_BYTES - end
            self._room_bytes = end + more
        self._file.write_at(self.durable_bytes, line + bytes(more))
        self._file.sync()
        self.durable_bytes = end
        self._chain.written(digest)
        return digest

    def close(self) -> None:
        """Give unused room back and let the file go. Never raises: everything in it is durable already."""
        # The room is ignored by every reader, and a failing close can lose only what was not synced. But a file that
        # stayed open would keep its disk from being unmounted.
        with contextlib.suppress(StoreFault):
            self._file.truncate(self.durable_bytes)
        with contextlib.suppress(StoreFault):
            self._file.close()


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
        if data.endswith(b"\0"):
            # Still being written, or cut: what is written ends somewhere before.
            data, size = file.read_at(0, size), 0
    whole = data[: whole_bytes(data)]
    lines = whole.split(b"\n")[:-1]
    if not lines or (len(lines) == 1 and size > window_bytes):
        return None
    try:
        return read_line(lines[-1])
    except SealError:
        return None


def make_durable(disk: Disk, path: Path) -> bytes:
    """
    Make the last whole line of a sidecar, which its writer may have left unsynced, durable, and return it without LF.

    All lines before it are: a writer goes on only behind what is. Nobody else may write the sidecar meanwhile.
    """
    data = disk.read_bytes(path)
    whole = data[: whole_bytes(data)]
    start = whole.rfind(b"\n", 0, -1) + 1
    disk.write_again(path, start, whole[start:])
    disk.sync_directory(path.parent)
    return whole[start:-1]


def sizes(path: Path) -> int:
    """Return the size of `path` in bytes, 0 where it does not exist. Raises `StoreFault`."""
    with named(path, "ask for the size of"):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0
