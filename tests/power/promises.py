"""What the box had promised by the time of a cut, and when that was: from the marks of the witness in the log."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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
    """
    What held at one moment (wall clock): the newest promise of every camera, whenever it was given.

    `since_us` is for each camera that has promised pictures since the box was started last: when it first did.
    """

    wall_us: int
    said: Mapping[str, Promise]
    since_us: Mapping[str, int]


NOTHING = Mark(0, {}, {})


def is_mark(write: Write) -> bool:
    """Whether a write is the witness's own, and none of the box's."""
    return (write.at_byte, write.size_bytes) == (GAP_BYTES, BLOCK_BYTES)


class Promises:
    """The newest mark by window of a log."""

    def __init__(self, log: WriteLog) -> None:
        self._windows: list[int] = []
        self._marks: list[Mark] = []
        number, mark = 0, NOTHING
        for window, one in enumerate(log.windows):
            for write in one.writes:
                block = log.bytes_of(write) if is_mark(write) else b""
                if block.startswith(MARK):
                    words = json.loads(block[len(MARK) :].rstrip(b"\0"))
                    # A witness that counts anew was started with the box.
                    mark = _next(replace(mark, since_us={}) if words["no"] <= number else mark, words)
                    number = words["no"]
                    self._windows.append(window)
                    self._marks.append(mark)

    def by(self, window: int) -> Mark:
        """
        The newest mark written before the flush that ends `window`.

        The power may have gone as late as that, with nothing of the window's writes on the disk. Whatever the mark
        promises was synced before it was written, so by a flush before this window.
        """
        found = bisect_right(self._windows, window)
        return self._marks[found - 1] if found else NOTHING


def _next(before: Mark, words: Mapping[str, Any]) -> Mark:
    """What holds with one more mark's words."""
    wall_us, said = words["wall_us"], {camera: Promise(*one) for camera, one in words["said"].items()}
    began = dict.fromkeys((camera for camera, promise in said.items() if promise.end_us), wall_us)
    return Mark(wall_us, {**before.said, **said}, {**began, **before.since_us})
