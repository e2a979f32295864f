"""From `kill -9` of the recorder to pictures that are durable again, with `vigil run` looking after it."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from fakes.box import Box, end

KILLS = 5
CAMERA = '[[camera]]\nid = "bench"\nsource = "synthetic"\nwidth = 640\nheight = 360\n[camera.motion]\nmethod = "off"\n'


def kill_to_recording() -> dict[str, float]:
    """Return seconds from the kill to the first picture that was kept, and to it being durable (medians)."""
    first, durable = [], []
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory() as scratch:
            one = _once(Path(scratch))
            first.append(one[0])
            durable.append(one[1])
    return {
        "to_first_picture_s": round(statistics.median(first), 2),
        "to_durable_s": round(statistics.median(durable), 2),
        "worst_to_durable_s": round(max(durable), 2),
    }


def _once(scratch: Path) -> tuple[float, float]:
    box = Box(scratch / "box", CAMERA)
    process = box.start("run", "--for", "60")
    try:
        _wait(box, "flushed", after_us=0)
        found = subprocess.run(
            ["pgrep", "-f", f"vigil record .*{box.data}"], capture_output=True, text=True, check=True
        )
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
        killed_us = time.time_ns() // 1000
        durable_us = _wait(box, "flushed", after_us=killed_us)
        gap = next(s for s in box.statements("bench") if s.type == "gap" and s.fields.get("to_us", 0) > killed_us)
        return (gap.fields["to_us"] - killed_us) / 1e6, (durable_us - killed_us) / 1e6
    finally:
        process.terminate()
        process.wait(timeout=30)
        end(process)


def _wait(box: Box, kind: str, *, after_us: int) -> int:
    """Wait for a statement made after `after_us`; return when it was made."""
    for _ in range(600):
        time.sleep(0.05)
        for statement in box.statements("bench") if box.segments("bench") else []:
            if statement.type == kind and statement.at_us > after_us:
                return statement.at_us
    raise RuntimeError((box.data / "log").read_text()[-2000:])
