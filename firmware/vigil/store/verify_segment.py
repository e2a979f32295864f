"""Reading one segment off the disk to judge it: its sidecar, its pictures, and whether its name tells the truth."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import StoreFault
from vigil.segments.note import NoteKey
from vigil.segments.verify import Bytes, check_segment
from vigil.segments.verify_account import Account, read_sidecar
from vigil.segments.verify_words import Finding, Verdict, utc
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segment_path

SIDECAR_MOST_BYTES = 1 << 24
"""Far more than an hour's statements; a sidecar without an end must not fill the memory."""
_DAY = re.compile(r"/([0-9]{4})/([0-9]{2})/([0-9]{2})$")
_NAME_SLACK_US = 120_000_000
"""A slow card may take its time between the file's name and its first line."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A segment and the verdict on itself. `account` is None where it says nothing, or speaks of another segment."""

    account: Account | None
    finding: Finding


def judge(
    disk: Disk, segment: SegmentPath, camera: str | None, identity: NoteKey | None, *, read: Callable[[int], None]
) -> Judged:
    """Return the verdict on one segment; `camera` is whose directory it lies in, `read` is told of hashed bytes."""
    try:
        account = read_account(disk, segment.seal, identity)
    except StoreFault as fault:
        return Judged(None, Finding(Verdict.BROKEN, f"its statements cannot be read: {fault}"))
    if account is None:
        return Judged(None, Finding(Verdict.MISSING, "its pictures are here, the statements that sign them are not"))
    if account.fault is None and (lie := _lie_in_the_name(account, segment, camera)):
        return Judged(None, Finding(Verdict.BROKEN, lie))
    try:
        with _opened(disk, segment.media) as media, _opened(disk, segment.tail) as tail:
            return Judged(account, check_segment(account, media, tail, read=read))
    except StoreFault as fault:
        return Judged(account, Finding(Verdict.DAMAGED, f"its pictures cannot be read: {fault}"))


def camera_of(disk: Disk, segment: SegmentPath) -> str | None:
    """Return the camera that the segment's statements name."""
    with contextlib.suppress(StoreFault):
        account = read_account(disk, segment.seal, None)
        if account and account.opened:
            return str(account.opened.fields["camera"])
    return None


def read_account(disk: Disk, path: Path, identity: NoteKey | None) -> Account | None:
    """Return what the sidecar at `path` says, None where it is not there. Raises `StoreFault`."""
    try:
        with disk.read(path) as file:
            data = file.read_at(0, SIDECAR_MOST_BYTES)
    except StoreFault as fault:
        if fault.errno == errno.ENOENT:
            return None
        raise
    return read_sidecar(data, identity)


def _lie_in_the_name(account: Account, segment: SegmentPath, camera: str | None) -> str | None:
    """Return what the file's place claims and its statements deny."""
    if account.opened is None:
        return None
    said, at_us = account.opened.fields, account.opened.at_us
    if said["seq"] != segment.seq:
        return f"it is called segment {segment.seq}, but its statements are those of segment {said['seq']}"
    if camera is not None and said["camera"] != camera:
        return f"it lies among those of {camera}, but its statements are by {said['camera']}"
    near = (at_us - _NAME_SLACK_US, at_us, at_us + _NAME_SLACK_US)
    names = [segment_path(segment.directory, segment.seq, us).stem for us in near]
    if not names[0] <= segment.stem <= names[2]:
        return f"its name gives another time than its statements, which begin at {utc(at_us)}"
    day = _DAY.search(segment.directory.as_posix())
    if day and "".join(day.groups()) != segment.stem.partition("-")[2][:8]:
        return f"it lies in the directory of another day than that of its name, {segment.stem}"
    return None


@contextlib.contextmanager
def _opened(disk: Disk, path: Path) -> Iterator[Bytes | None]:
    try:
        file = disk.read(path)
    except StoreFault as fault:
        if fault.errno != errno.ENOENT:
            raise
        yield None
        return
    with file:
        yield Bytes(file.size(), file.read_at)
