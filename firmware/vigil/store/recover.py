"""
Finishing what a power cut or a fault left unfinished, without any key to the pictures.

The procedure is docs/spec/segment.md, *Recovery*. Doing it twice, or being cut
in the middle of it, gives the same result as doing it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigil.clock import Clock
from vigil.digest import Sha256, sha256
from vigil.errors import SealError, StoreFault
from vigil.segments.age import unb64
from vigil.segments.session import Session
from vigil.segments.sidecar import Chain, Statement, whole_bytes
from vigil.store.disk import UNREADABLE, Disk, DiskFile
from vigil.store.layout import SegmentPath
from vigil.store.sidecar_file import make_durable, read_sidecar, sizes

CLOSER_BYTES = 24


@dataclass(frozen=True, slots=True)
class Recovered:
    """
    What a recovery did.

    `head` is the digest of the camera's last line now; `bytes` what of the
    segment is signed and whole; `tail_bytes` what lay behind it; `ended_us` is
    the wall clock of the last thing that was durable before.
    """

    head: str
    size_bytes: int
    tail_bytes: int
    damaged: bool
    ended_us: int


def recover(
    disk: Disk,
    segment: SegmentPath,
    session: Session,
    clock: Clock,
    *,
    boot: str,
    keep_tail: bool = True,
    durable_bytes: int | None = None,
    give_up: bool = False,
) -> Recovered | None:
    """
    Finish `segment`, whose sidecar is the newest of its camera.

    `durable_bytes` cuts the sidecar back to what is known to be durable (after
    a failed sync while we live); `keep_tail=False` drops unsigned chunks, for
    a caller who still has their pictures in memory. With `give_up`, pictures
    that the disk cannot read or mend are stated as damaged and left alone.
    Returns None where nothing was ever stated: the empty sidecar is removed and
    its `seq` is free again. Raises `StoreFault`; then the same call may be made
    again.
    """
    if durable_bytes is not None:
        _cut(disk, segment, durable_bytes)
    statements, _ = read_sidecar(disk, segment.seal)
    data = disk.read_bytes(segment.seal)
    whole = data[: whole_bytes(data)]
    if not whole:
        disk.unlink(segment.seal)
        disk.sync_directory(segment.directory)
        return None
    if statements and statements[-1].type in ("sealed", "recovered"):
        _cut(disk, segment, len(whole))
        final = statements[-1]
        return Recovered(final.digest, final.fields["bytes"], 0, damaged=False, ended_us=final.at_us)
    flushed = _last_flush(statements)
    try:
        mended = _mend_media(disk, segment, flushed, keep_tail=keep_tail)
    except StoreFault as fault:
        if not give_up or fault.errno not in UNREADABLE:
            raise
        mended = _damaged(flushed, flushed.fields if flushed else {"bytes": 0, "sha256": None})
    _cut(disk, segment, len(whole))
    # Whoever was killed may not have come to sync it, and nothing follows what is not durable.
    make_durable(disk, segment.seal)
    lines = whole.split(b"\n")[:-1]
    chain = Chain(session, clock, prev=sha256(lines[-1]).hex(), n=len(lines))
    line, digest = chain.statement("recovered", **mended, by_boot=boot)
    with disk.append(segment.seal) as file:
        file.append(line)
        file.sync()
    ended_us = mended["end_us"] or (statements[-1].at_us if statements else 0)
    return Recovered(digest, mended["bytes"], mended["tail_bytes"], damaged=mended["damaged"], ended_us=ended_us)


def _mend_media(disk: Disk, segment: SegmentPath, last: Statement | None, *, keep_tail: bool) -> dict[str, Any]:
    """Bring the media file to its last signed flush plus closer; return the fields of the `recovered` statement."""
    covered = last.fields["bytes"] if last else 0
    size = sizes(segment.media)
    closer = _closer(last)
    if size < covered or (last and (closer is None or not segment.media.exists())):
        return _damaged(last, {"bytes": size, "sha256": _digest(disk, segment) if size else None})
    tail = _keep_tail(disk, segment, covered, size) if keep_tail else None
    if last is None:
        # Nothing in the file was ever signed. Where it was worth keeping it is in the tail now.
        disk.unlink(segment.media)
        disk.sync_directory(segment.directory)
        return {**_said(last), "bytes": 0, **_tail_fields(tail), "damaged": False}
    with disk.change(segment.media) as file:
        file.write_at(covered, closer or b"")
        file.truncate(covered + CLOSER_BYTES)
        file.sync()
        digest = _hash(file)
    return {**_said(last), "bytes": covered + CLOSER_BYTES, "sha256": digest, **_tail_fields(tail), "damaged": False}


def _closer(last: Statement | None) -> bytes | None:
    """Return the closer that the last flush carries; None where it carries none that could be one."""
    try:
        closer = unb64(last.fields["closer"]) if last else b""
    except SealError:
        return None
    return closer if len(closer) == CLOSER_BYTES else None


def _said(last: Statement | None) -> dict[str, Any]:
    return {name: (last.fields[name] if last else 0) for name in ("frames", "media", "end_us")}


def _damaged(last: Statement | None, covers: Mapping[str, Any]) -> dict[str, Any]:
    return {**_said(last), "bytes": covers["bytes"], "sha256": covers["sha256"], "tail_bytes": 0, "damaged": True}


def _keep_tail(disk: Disk, segment: SegmentPath, covered: int, size: int) -> bytes | None:
    if segment.tail.exists():
        return disk.read_bytes(segment.tail)  # a recovery before this one came as far
    if size - covered <= CLOSER_BYTES:
        # Nothing, or the closer of a normal end whose `sealed` statement did not make it.
        return None
    with disk.read(segment.media) as file:
        tail = file.read_at(covered, size - covered)
    disk.replace(segment.tail, tail)
    return tail


def _tail_fields(tail: bytes | None) -> dict[str, object]:
    if tail is None:
        return {"tail_bytes": 0}
    return {"tail_bytes": len(tail), "tail_sha256": sha256(tail).hex()}


def _last_flush(statements: list[Statement]) -> Statement | None:
    return next((s for s in reversed(statements) if s.type == "flushed"), None)


def _cut(disk: Disk, segment: SegmentPath, size: int) -> None:
    if sizes(segment.seal) > size:
        with disk.change(segment.seal) as file:
            file.truncate(size)
            file.sync()


def _digest(disk: Disk, segment: SegmentPath) -> str:
    with disk.read(segment.media) as file:
        return _hash(file)


def _hash(file: DiskFile) -> str:
    digest = Sha256()
    offset = 0
    while part := file.read_at(offset, 1 << 20):
        digest.update(part)
        offset += len(part)
    return digest.hexdigest()
