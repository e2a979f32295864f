"""From light to disk: how long a picture waits until it is durable; and what sealing costs by itself."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from fakes.packets import H264
from fakes.recordings import OWNER
from vigil.clock import HandClock, SystemClock
from vigil.frames.packet import Packet
from vigil.segments.age import b64
from vigil.segments.seal import Flush, Sealer
from vigil.segments.session import Session
from vigil.segments.sidecar import Chain
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.marker import make_store
from vigil.store.recording import Recording
from vigil.store.room import Room

SECONDS = 30.0
FPS = 30
PICTURE_BYTES = 4_000_000 // 8 // FPS
CAMERAS = 8


class Watched(CameraStore):
    """A store that notes when each flush was durable."""

    durable_us: list[tuple[int, int]]

    def write(self, flush: Flush, **ends: int) -> None:
        super().write(flush, **ends)
        now_us = self._clock.steady_us()
        self.durable_us.append((now_us, ends["frames"]))


def light_to_disk() -> dict[str, float]:
    """Record 4 Mbit/s in real time; return percentiles in seconds over all pictures but those never flushed."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(dir="var" if Path("var").is_dir() else None) as scratch:
        video = Path(scratch) / "video"
        make_store(Disk(), video, os.urandom)
        store = Watched(Disk(), video, "bench", session=Session(os.urandom), clock=clock, boot="bench")
        store.durable_us = []
        made = Recording(
            store, Room(Disk(), video, reserve_bytes=1 << 20), recipients=[OWNER.recipient], clock=clock,
            random_bytes=os.urandom, segment_s=60,
        )  # fmt: skip
        made.open()
        arrivals: list[int] = []
        data = os.urandom(PICTURE_BYTES)
        start_us = clock.steady_us()
        waiting: list[Packet] = []
        stepped_us = start_us
        while clock.steady_us() - start_us < SECONDS * 1_000_000:
            now_us, next_us = clock.steady_us(), start_us + len(arrivals) * 1_000_000 // FPS
            if (due_us := made.due_us(now_us)) < next_us:
                clock.sleep(max(0.0, (due_us - now_us) / 1_000_000))
                made.tick()
            clock.sleep(max(0.0, (next_us - clock.steady_us()) / 1_000_000))
            at_us, n = clock.steady_us(), len(arrivals)
            waiting.append(Packet(data, n * 3000, n * 3000, at_us, n % 60 == 0, H264))
            arrivals.append(at_us)
            if at_us - stepped_us >= 100_000 or n == 0:
                stepped_us = at_us
                made.begin("bench", waiting) if n == 0 else made.append(waiting)
                waiting = []
                made.tick()
        waits = []
        done = 0
        for durable_us, frames in store.durable_us:
            waits += [(durable_us - at_us) / 1e6 for at_us in arrivals[done:frames]]
            done = frames
        made.close("done")
    waits.sort()
    return {name: round(waits[min(len(waits) - 1, int(len(waits) * share))], 3) for name, share in
            {"p50_s": 0.5, "p99_s": 0.99, "max_s": 1.0}.items()}  # fmt: skip


def seal_cost() -> dict[str, float]:
    """Share of one core, in percent, that age, hash and signatures take for eight cameras of 4 Mbit/s."""
    minutes = 2
    clock = HandClock()
    data = os.urandom(250_000)
    before = time.process_time()
    for _ in range(CAMERAS):
        sealer, chain = Sealer([OWNER.recipient], os.urandom), Chain(Session(os.urandom), clock)
        for _ in range(60 * minutes):
            sealer.add(data)
            sealer.add(data)
            flush = sealer.flush()
            line, digest = chain.statement(
                "flushed", bytes=flush.size_bytes, sha256=flush.sha256, closer=b64(flush.closer), frames=1, media=1,
                end_us=1,
            )  # fmt: skip
            assert line
            chain.written(digest)
    used = time.process_time() - before
    return {"cameras": CAMERAS, "percent_of_a_core": round(100 * used / (60 * minutes), 3)}
