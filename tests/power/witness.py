"""
Runs inside the box that is to lose its power, and writes into the very log of its disk what was promised until then.

Every promise is a flush line of a sidecar. It counts as given once `fdatasync` on that sidecar has returned, which the
kernel's own trace points of ext4 tell: all lines made before the call began are durable when it ends without an error.
A promise, and the time ten times a second, becomes one 4 KiB block in the gap before the card's first partition. The
block is written past all caches and not flushed, so whatever lies behind it in the log came after the promise.
Runs as root with nothing but the standard library; `fakes/inside.py` puts it into the box.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import select
import sys
import time
from pathlib import Path

GAP_BYTES = 512 << 10
BLOCK_BYTES = 4096
MARK = b"VIGILCUT"
TICK_S = 0.1
TRACING = Path("/run/power-trace")
_EVENT = re.compile(
    r"-(\d+) .* (\d+)\.(\d{6}): ext4_sync_file_(enter|exit): dev (\d+),(\d+) ino (\d+) (?:.*ret (-?\d+))?"
)


def begin_tracing() -> int:
    """Switch the two trace points on, stamped with the clock that statements are; return what to read them from."""
    TRACING.mkdir(exist_ok=True)
    if not (TRACING / "trace_pipe").exists():
        os.system(f"mount -t tracefs none {TRACING}")
    (TRACING / "trace_clock").write_text("boot")
    for name in ("enter", "exit"):
        (TRACING / f"events/ext4/ext4_sync_file_{name}/enable").write_text("1")
    return os.open(TRACING / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)


class Sidecars:
    """What the sidecars of a store say, found by inode."""

    def __init__(self, video: Path) -> None:
        self._video = video
        self._known: dict[int, tuple[str, int, Path]] = {}

    def last_before(self, inode: int, steady_us: int) -> tuple[str, list[object]] | None:
        """Camera, and [seq, n, digest, bytes, end_us] of the newest line made before then; None for other files."""
        if inode not in self._known:
            self._look()
        if inode not in self._known:
            return None
        camera, seq, path = self._known[inode]
        last: list[object] | None = None
        covered, end_us = 0, 0
        try:
            data = path.read_bytes()
        except OSError:
            return None  # deleted meanwhile, and deletions are stated elsewhere
        for line in data.partition(b"\0")[0].split(b"\n")[:-1]:
            said = json.loads(line)
            if said["steady_us"] >= steady_us:
                break
            covered, end_us = said.get("bytes", covered), said.get("end_us", end_us)
            last = [seq, said["n"], hashlib.sha256(line).hexdigest(), covered, end_us]
        return (camera, last) if last else None

    def _look(self) -> None:
        for path in self._video.glob("*/*/*/*/*.seal"):
            try:
                self._known[path.stat().st_ino] = path.parents[3].name, int(path.name.partition("-")[0]), path
            except OSError:
                pass  # deleted meanwhile


class Marks:
    """The block in the gap, written anew for every promise and every tick."""

    def __init__(self, disk: str) -> None:
        self._disk = os.open(disk, os.O_WRONLY | os.O_DIRECT)
        self._block = mmap.mmap(-1, BLOCK_BYTES)
        self.count = 0

    def write(self, said: dict[str, list[object]]) -> None:
        """Put the time and every camera's newest promise there."""
        self.count += 1
        steady_us, wall_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000, time.time_ns() // 1000
        words = json.dumps({"no": self.count, "steady_us": steady_us, "wall_us": wall_us, "said": said}).encode()
        self._block[:] = (MARK + words).ljust(BLOCK_BYTES, b"\0")
        os.pwrite(self._disk, self._block, GAP_BYTES)


def main(disk: str, video: Path) -> None:
    """Watch until the power goes."""
    pipe, marks, sidecars = begin_tracing(), Marks(disk), Sidecars(video)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    began: dict[str, int] = {}
    said: dict[str, list[object]] = {}
    rest, told_at = b"", 0.0
    print("witness: watches", flush=True)
    while True:
        poll.poll(TICK_S * 1000)
        try:
            *lines, rest = (rest + os.read(pipe, 65536)).split(b"\n")
        except BlockingIOError:
            lines = []
        device = video.stat().st_dev
        for line in lines:
            found = _EVENT.search(line.decode(errors="replace"))
            if not found or os.makedev(int(found[5]), int(found[6])) != device:
                continue
            if found[4] == "enter":
                began[found[1]] = int(found[2]) * 1_000_000 + int(found[3])
            elif found[8] == "0" and found[1] in began:
                promise = sidecars.last_before(int(found[7]), began.pop(found[1]))
                if promise and promise[1][:2] >= said.get(promise[0], [0, 0])[:2]:
                    said[promise[0]] = promise[1]
        marks.write(said)
        if time.monotonic() - told_at > 5:
            told_at = time.monotonic()
            newest = json.dumps({name: one[:2] for name, one in said.items()})
            print(f"witness: {marks.count} marks, {newest}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
