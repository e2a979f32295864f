"""What the record-only path could cost at least, in this language: the same work with nothing around it."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.contenders import film
from fakes.recordings import OWNER
from vigil.clock import SystemClock
from vigil.segments.age import b64
from vigil.segments.seal import Sealer
from vigil.segments.session import Session
from vigil.segments.sidecar import Chain

EVERY_S = 1.12
"""How far apart flushes are at 4 Mbit/s."""
BYTES = round(EVERY_S * 4_000_000 / 8)
BEATS = 27


def floor() -> dict[str, float]:
    """
    Return CPU seconds for a minute at the beat of flushes, each with all that the ones before it have.

    A sleep and nothing else; the film's bytes read; sealed and hashed; written
    and synced; with a signed line, which is synced, too.
    """
    with tempfile.TemporaryDirectory(dir="var" if Path("var").is_dir() else None) as scratch:
        beats = _Beats(Path(scratch))
        parts: list[Callable[[], object]] = []
        costs = {}
        for name, part in (
            ("wake_up", lambda: None), ("read", beats.read), ("seal", beats.seal), ("write", beats.write),
            ("state", beats.state),
        ):  # fmt: skip
            parts.append(part)
            costs[name] = round(_cost(parts), 3)
    return costs


def _cost(parts: list[Callable[[], object]]) -> float:
    for part in parts:
        part()
    before, due = _used_s(), time.monotonic()
    for _ in range(BEATS):
        due += EVERY_S
        time.sleep(max(0.0, due - time.monotonic()))
        for part in parts:
            part()
    return (_used_s() - before) * 60 / (BEATS * EVERY_S)


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Beats:
    """What happens in one beat, part by part."""

    def __init__(self, scratch: Path) -> None:
        self._film = film(1920, 1080, 4000).open("rb", buffering=0)
        self._media = (scratch / "media").open("wb", buffering=0)
        self._seal = (scratch / "seal").open("wb", buffering=0)
        self._seal.write(bytes(1 << 20))
        self._seal.seek(0)
        self._sealer = Sealer([OWNER.recipient], os.urandom)
        self._chain = Chain(Session(os.urandom), SystemClock())
        self._data = b""

    def read(self) -> None:
        self._data = self._film.read(BYTES)
        if len(self._data) < BYTES:
            self._film.seek(0)

    def seal(self) -> None:
        self._sealer.add(self._data)
        self._flush = self._sealer.flush()

    def write(self) -> None:
        self._media.write(self._flush.data)
        os.fdatasync(self._media.fileno())

    def state(self) -> None:
        flush = self._flush
        line, digest = self._chain.statement(
            "flushed", bytes=flush.size_bytes, sha256=flush.sha256, closer=b64(flush.closer), frames=1, media=1,
            end_us=1,
        )  # fmt: skip
        self._seal.write(line)
        os.fdatasync(self._seal.fileno())
        self._chain.written(digest)
