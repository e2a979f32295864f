"""What the box had promised by the time of a cut, and when that was: from the marks of the witness in the log."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from power.witness import BLOCK_BYTES, GAP_BYTES, MARK
from power.write_log import Write, WriteLog


@dataclass(frozen=True, slots=True)
class Promise:
    """Line `line` of sidecar `seq` is durable: its digest, the bytes of pictures it covers, and when the last began."""

    seq: int
    line: int
    digest: str
    covered_bytes: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What the witness wrote at one moment (wall clock): the newest promise of every camera."""

    wall_us: int
    said: Mapping[str, Promise]


NOTHING = Mark(0, {})


def is_mark(write: Write) -> bool:
    """Whether a write is the witness's own, and none of the box's."""
    return (write.at_byte, write.size_bytes) == (GAP_BYTES, BLOCK_BYTES)


def read_mark(block: bytes) -> Mark | None:
    """The mark in a block of the gap; None where it holds something else."""
    if not block.startswith(MARK):
        return None
    words = json.loads(block[len(MARK) :].rstrip(b"\0"))
    return Mark(words["wall_us"], {camera: Promise(*said) for camera, said in words["said"].items()})


class Promises:
    """The newest mark by window of a log."""

    def __init__(self, log: WriteLog) -> None:
        self._windows: list[int] = []
        self._marks: list[Mark] = []
        for number, window in enumerate(log.windows):
            for write in window.writes:
                mark = read_mark(log.bytes_of(write)) if is_mark(write) else None
                if mark:
                    self._windows.append(number)
                    self._marks.append(mark)

    def began_us(self, camera: str) -> int:
        """The wall clock when the first promise of a camera was given; 0 where none was."""
        return next((mark.wall_us for mark in self._marks if camera in mark.said), 0)

    def by(self, window: int) -> Mark:
        """
        The newest mark written before the flush that ends `window`.

        The power may have gone as late as that, with nothing of the window's writes on the disk. Whatever the mark
        promises was synced before it was written, so by a flush before this window.
        """
        found = bisect_right(self._windows, window)
        return self._marks[found - 1] if found else NOTHING
