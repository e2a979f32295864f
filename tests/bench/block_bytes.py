"""What reaches the disk for each byte of video (padding, statements, the file system), counted at the device."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from fakes.packets import H264
from fakes.recordings import recording
from vigil.frames.packet import Packet

FPS = 15
SECONDS = 120
RATES_MBIT_S = (0.1, 0.5, 1.0, 4.0, 8.0)


def block_bytes() -> dict[str, float]:
    """Return block bytes written for each byte of media, by bit rate in Mbit/s, on a fresh ext4."""
    return {f"{rate:g}": _at(rate) for rate in RATES_MBIT_S}


def _at(rate_mbit_s: float) -> float:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        image, mount = scratch / "disk.img", scratch / "video"
        with image.open("wb") as file:
            file.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
        mount.mkdir()
        loop = subprocess.run(
            ["losetup", "--find", "--show", "--direct-io=off", image], check=True, capture_output=True, text=True
        ).stdout.strip()
        stack.callback(lambda: subprocess.run(["losetup", "-d", loop], check=False))
        subprocess.run(["mount", loop, mount], check=True)
        stack.callback(lambda: subprocess.run(["umount", mount], check=True))
        os.sync()
        before = _written(loop)
        media = _record(mount, rate_mbit_s)
        os.sync()
        return (_written(loop) - before) / media


def _record(video: Path, rate_mbit_s: float) -> int:
    """Record two minutes as a camera would send them, by a clock moved by hand; return the bytes of media."""
    made, clock = recording(video, segment_s=60)
    rng = random.Random(5)
    # A keyframe every two seconds is as large as eight others, and no picture is as large as the next.
    share = rate_mbit_s * 1e6 / 8 / FPS * (2 * FPS) / (2 * FPS + 7)
    data = os.urandom(round(share * 8 * 1.5))
    packets = []
    for n in range(SECONDS * FPS):
        key = n % (2 * FPS) == 0
        size = round(share * (8 if key else 1) * rng.uniform(0.6, 1.4))
        at_us = clock.steady_us() + n * 1_000_000 // FPS
        packets.append(Packet(data[:size], n * 6000, n * 6000, at_us, key, H264))
    made.begin("bench", packets[:1])
    for packet in packets[1:]:
        while (due_us := made.due_us(clock.steady_us())) < packet.at_us:
            clock.forward_us(due_us - clock.steady_us())
            made.tick()
        clock.forward_us(packet.at_us - clock.steady_us())
        made.append([packet])
    made.close("done")
    return sum(len(packet.data) for packet in packets)


def _written(loop: str) -> int:
    """Bytes written to a block device so far."""
    return int(Path(f"/sys/block/{Path(loop).name}/stat").read_text().split()[6]) * 512
