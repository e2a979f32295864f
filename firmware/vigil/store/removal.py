"""Taking a segment's files away, once its `deleted` statement is durable; and finishing that after a cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from vigil.errors import StoreFault
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath
from vigil.store.sidecar_file import read_sidecar

_LOOK_BACK = 3
"""Sidecars to look through for deletions that were stated but not finished: a cut leaves them in the newest one."""


def remove_files(disk: Disk, segment: SegmentPath, camera_directory: Path) -> None:
    """Unlink the segment's files, the sidecar last, so that a cut in between can be told and finished."""
    for path in (segment.media, segment.tail, segment.seal):
        disk.unlink(path)
    disk.sync_directory(segment.directory)
    directory = segment.directory
    while directory != camera_directory and disk.remove_directory(directory):
        directory = directory.parent


def unfinished_removals(disk: Disk, segments: Sequence[SegmentPath]) -> Iterator[SegmentPath]:
    """Yield segments whose `deleted` statement stands in one of the newest sidecars while their files still exist."""
    there = {segment.seq: segment for segment in segments}
    for newest in segments[-_LOOK_BACK:]:
        try:
            statements, _ = read_sidecar(disk, newest.seal)
        except StoreFault:
            continue  # whoever ordered a deletion that it states sees that the segment is still there, and asks again
        for statement in statements:
            gone = there.get(statement.fields["seq"]) if statement.type == "deleted" else None
            if gone and not gone.keep.exists():
                yield gone
