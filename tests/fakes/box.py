"""A whole Vigil for a test: `vigil run`, or single processes of it, in a data directory of its own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fakes.mp4_sources import read_packets
from vigil.frames.nal import split_lengths
from vigil.segments import age
from vigil.segments.mp4_boxes import ReadAt
from vigil.segments.mp4_read import Fragment, read_fragments, read_init
from vigil.segments.sidecar import Statement, read_line, read_lines
from vigil.segments.unseal import Unsealed
from vigil.store.layout import SegmentPath, segments_of

VIGIL = [sys.executable, "-m", "vigil"]
FIRMWARE = Path(__file__).parents[2] / "firmware"


@dataclass
class Box:
    """A data directory with a configuration; `owner` opens what it records."""

    data: Path
    cameras: str
    rest: str = ""
    owner: age.Identity = field(default_factory=lambda: age.Identity.generate(os.urandom))

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "owner.agekey").write_text(self.owner.text() + "\n")
        self.configure(self.cameras, self.rest)

    def configure(self, cameras: str, rest: str = "") -> None:
        """Write the configuration: `cameras` and `rest` are TOML tables."""
        owner = f'[owner]\nrecipients = ["{self.owner.recipient}"]\n'
        (self.data / "vigil.toml").write_text(f"schema = 1\n{owner}\n{rest}\n{cameras}\n")

    @property
    def video(self) -> Path:
        return self.data / "video"

    def start(self, *command: str, log: str = "log") -> subprocess.Popen[bytes]:
        """Start one command of Vigil; what it logs goes to a file in the data directory."""
        environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
        with (self.data / log).open("ab") as out:
            return subprocess.Popen(
                [*VIGIL, *command, "--data", str(self.data), "--plain"],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, start_new_session=True,
            )  # fmt: skip

    def run(self, seconds: float) -> str:
        """Let `vigil run` work for so long and end by itself; return its log."""
        process = self.start("run", "--for", str(seconds))
        try:
            code = process.wait(timeout=seconds + 60)
        finally:
            end(process)
        log = (self.data / "log").read_text()
        assert code == 0, log
        return log

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
        return subprocess.run(
            [*VIGIL, *command], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=300
        )

    def segments(self, camera: str) -> list[SegmentPath]:
        """Return the segments of a camera, oldest first."""
        return segments_of(self.video / camera)

    def plaintext(self, segment: SegmentPath) -> bytes:
        """Open a segment whole; it must be a complete age file."""
        return plaintext(segment.media.read_bytes(), self.owner)

    def statements(self, camera: str) -> list[Statement]:
        """Return every statement of a camera; the chain must be whole."""
        said: list[Statement] = []
        for segment in self.segments(camera):
            for line in read_lines(segment.seal.read_bytes()):
                statement = read_line(line)
                assert not said or statement.prev == said[-1].digest, f"the chain of {camera} breaks at {segment.stem}"
                said.append(statement)
        return said

    def journal(self) -> Iterator[dict[str, object]]:
        """Yield the journal's entries."""
        for file in sorted((self.data / "state/journal").glob("*/entries/*.jsonl")):
            yield from map(json.loads, file.read_text().splitlines())


def until(happened: Callable[[], object], *, within_s: float = 60) -> None:
    """Wait until something has happened; a machine that is busy takes its time. Fails where it does not."""
    end_s = time.monotonic() + within_s
    tick = threading.Event()
    while not happened():
        assert time.monotonic() < end_s, f"not within {within_s} s"
        tick.wait(0.1)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    for pid in (*_descendants(process.pid), process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended already
    process.wait()


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in map(int, children):
        yield from _descendants(child)
        yield child


def plaintext(sealed: bytes, owner: age.Identity) -> bytes:
    """Open a sealed file whole."""
    unsealed = Unsealed(lambda offset, size: sealed[offset : offset + size], len(sealed), [owner])
    return unsealed.read(0, 1 << 40)


def fingerprint(data: bytes, codec: str) -> str:
    """
    Return a digest of a picture's slices: the same picture has the same, wherever it is found.

    Messages beside the picture (SEI) are left out: servers move and add them.
    """
    slices = [u for u in split_lengths(data) if (u[0] & 31 in range(1, 6) if codec == "h264" else u[0] >> 1 & 63 < 32)]
    return hashlib.sha256(b"".join(slices)).hexdigest()


def film_fingerprints(film: Path) -> list[str]:
    """Return the digests of a film's pictures, as FFmpeg's reader finds them."""
    return [fingerprint(packet.data, packet.codec.name) for packet in read_packets(film) if not packet.audio]


def pictures_in(plain: bytes) -> list[str]:
    """Return the digests of the pictures in a segment's plaintext, in order; every box must be whole."""

    codec = read_init(_reader(plain)).video.name
    return [
        fingerprint(plain[sample.offset : sample.offset + sample.size], codec)
        for fragment in fragments_in(plain)
        for sample in fragment.video
    ]


def fragments_in(plain: bytes) -> list[Fragment]:
    """Return the fragments of a segment's plaintext."""
    read_at = _reader(plain)
    head = read_init(read_at)
    return list(read_fragments(read_at, head.movie, offset=head.end))


def _reader(plain: bytes) -> ReadAt:
    return lambda offset, size: plain[offset : offset + size]
