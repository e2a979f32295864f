"""The cost of recording one 1080p30 camera of 4 Mbit/s, side by side with what a user would take instead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fakes.box import Box, end
from fakes.footage import cache, vtest
from fakes.rtsp_server import RtspServer, launch_line

WARM_UP_S = 6.0
MEASURED_S = 60.0


@dataclass(frozen=True)
class Cost:
    """CPU seconds in a minute of recording, and the peak of resident memory."""

    cpu_s: float
    rss_mib: float


def film(width: int, height: int, kbit_s: int, fps: int = 30) -> Path:
    """The pedestrians at a constant bit rate, long enough for one measurement."""
    made = cache() / f"bench-{width}x{height}-{kbit_s}k-{fps}.mp4"
    if not made.exists():
        half = made.with_name("half-" + made.name)
        seconds = WARM_UP_S + MEASURED_S + 30
        rate = ["-b:v", f"{kbit_s}k", "-minrate", f"{kbit_s}k", "-maxrate", f"{kbit_s}k", "-bufsize", f"{kbit_s}k"]
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-stream_loop", "9", "-i", vtest(), "-t", str(seconds),
             "-vf", f"settb=1/90000,setpts=N/({fps}*TB),scale={width}:{height}", "-r", str(fps),
             "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", str(2 * fps), "-x264-params", "nal-hrd=cbr",
             *rate, half],
            check=True,
        )  # fmt: skip
        half.rename(made)
    return made


def measured(process: subprocess.Popen[bytes]) -> Cost:
    """Let a process warm up, then count what it and its threads use in a minute."""
    time.sleep(WARM_UP_S)
    before = cpu_s(process.pid)
    time.sleep(MEASURED_S)
    used = cpu_s(process.pid) - before
    if process.poll() is not None:
        raise RuntimeError(f"{process.args!r} ended while it was measured (code {process.returncode})")
    return Cost(used * 60 / MEASURED_S, peak_mib(process.pid))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """Peak resident memory of a process."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def vigil(scratch: Path, camera: str) -> Cost:
    """What Vigil's recorder uses; guard and signer, which it talks to, cost the same however many cameras there are."""
    box = Box(scratch, f'[[camera]]\nid = "bench"\n{camera}')
    box.run(2)
    others = [box.start("signer"), box.start("guard")]
    process = box.start("record", "--camera", "bench", "--log-level", "warning")
    try:
        cost = measured(process)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    finally:
        for one in (process, *others):
            end(one)
    recorded = sum(s.media.stat().st_size for s in box.segments("bench") if s.media.exists())
    if recorded < 20_000_000:
        raise RuntimeError(f"only {recorded} bytes were recorded: {(box.data / 'log').read_text()[-2000:]}")
    return cost


def program(scratch: Path, command: Sequence[str], pattern: str) -> Cost:
    """Somebody else's program; what it recorded must be there."""
    scratch.mkdir()
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        cost = measured(process)
    finally:
        process.terminate()
        process.wait(timeout=20)
    recorded = sum(path.stat().st_size for path in scratch.glob(pattern))
    if recorded < 20_000_000:
        raise RuntimeError(f"{command[0]} recorded only {recorded} bytes: {(scratch / 'log').read_text()[-2000:]}")
    return cost


MOTION_CONF = """daemon off
setup_mode off
log_level 5
target_dir {target}
netcam_url {sub}
netcam_high_url {main}
width 640
height 360
framerate 15
emulate_motion on
picture_output off
movie_output on
movie_passthrough on
movie_max_time 60
stream_port 0
webcontrol_port 0
"""


def contenders() -> dict[str, Cost]:
    """Measure everybody, one after the other, against the same server."""
    main, sub = film(1920, 1080, 4000), film(640, 360, 400, 15)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(RtspServer({"/main": launch_line(main), "/sub": launch_line(sub)}))
        url, sub_url = server.url("/main"), server.url("/sub")
        conf = scratch / "motion.conf"
        (scratch / "motion").mkdir()
        conf.write_text(MOTION_CONF.format(target=scratch / "motion", main=url, sub=sub_url))
        off = '[camera.motion]\nmethod = "off"\n'
        rtsp = f'source = "rtsp"\nurl = "{url}"\n'
        plan: dict[str, Callable[[], Cost]] = {
            "vigil, encoded file, record only": lambda: vigil(
                scratch / "v1", f'source = "replay"\npath = "{main}"\n{off}'
            ),
            "vigil, RTSP, record only": lambda: vigil(scratch / "v2", rtsp + off),
            "vigil, RTSP, motion on sub-stream": lambda: vigil(scratch / "v3", rtsp + f'sub_url = "{sub_url}"\n'),
            "ffmpeg -c copy -f segment": lambda: program(
                scratch / "f1",
                ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-f", "segment",
                 "-segment_time", "60", "-reset_timestamps", "1", "out%03d.mp4"],
                "out*.mp4",
            ),
            "motion, pass-through, sub-stream": lambda: program(
                scratch / "m1", ["motion", "-n", "-c", str(conf)], "../motion/*"
            ),
        }  # fmt: skip
        costs = {}
        for name, measure in plan.items():
            print(f"  measuring {name} …", file=sys.stderr, flush=True)
            costs[name] = measure()
        return costs
