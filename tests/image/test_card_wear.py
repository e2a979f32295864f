"""How much a box writes to its card in an idle day and in a recorded hour, and what it is: docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from fakes.card_writes import Writes, counted, written
from fakes.other_cameras import HOST, configure
from fakes.qemu import emulated_for
from fakes.recording_box import recording_box, resumed
from fakes.rtsp_server import RtspServer

# Ten minutes are watched, and what is watched must be as long in the emulator as it is on a board.
pytestmark = emulated_for(2400, at_length=True)

IDLE_S, RECORDING_S = 600, 300
# What begins with a new camera has ended by then.
SETTLE_S = 45
DAY_S, HOUR_S = 86400, 3600
MIB = 1 << 20
# 453 were measured.
MOST_IDLE_MIB = 700
PICTURES = "video/x-raw,width={size[0]},height={size[1]},framerate={fps}/1"
ENCODED = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate={kbit_s}"
SENT = "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
CAMERA = """
[[camera]]
id = "bench"
source = "rtsp"
url = "{url}"
mode = "{mode}"
"""


def line(pattern: str, *, size: tuple[int, int], fps: int, kbit_s: int) -> str:
    """A camera that never ends."""
    seen = f"videotestsrc is-live=true pattern={pattern} ! {PICTURES.format(size=size, fps=fps)}"
    return f"( {seen} ! {ENCODED.format(fps=fps, kbit_s=kbit_s)} ! {SENT} )"


# Colours that stand still, and snow, which takes whatever bits it is given.
NOTHING = line("smpte75", size=(320, 240), fps=5, kbit_s=200)
A_MBIT_S = line("snow", size=(640, 360), fps=15, kbit_s=1000)


def watched(place: Path, pipeline: str, mode: str, *, span_s: int) -> Writes:
    """What a box with such a camera writes meanwhile."""
    with RtspServer({"/main": pipeline}) as server, resumed(recording_box(), place) as box:
        url = f"rtsp://{HOST}:{urlsplit(server.url('/main')).port}/main"
        configure(box.shell, CAMERA.format(url=url, mode=mode))
        box.shell.ask(f"sleep {SETTLE_S}")
        before = counted(box.shell)
        box.shell.ask(f"sleep {span_s}", timeout_s=3 * span_s)
        return written(before, counted(box.shell))


def test_a_day_without_motion_wears_the_card_little(tmp_path: Path):
    writes = watched(tmp_path, NOTHING, "motion", span_s=IDLE_S)

    print("", "MiB in a day without motion:", writes.told(per_s=DAY_S, unit=MIB), sep="\n")
    assert writes.pictures == 0
    assert writes.card * DAY_S / writes.seconds < MOST_IDLE_MIB * MIB


def test_a_recorded_hour_writes_less_than_twice_its_pictures(tmp_path: Path):
    writes = watched(tmp_path, A_MBIT_S, "continuous", span_s=RECORDING_S)

    print("", "MiB in an hour of 1 Mbit/s:", writes.told(per_s=HOUR_S, unit=MIB), sep="\n")
    assert writes.pictures > 0.8 * RECORDING_S * 1_000_000 / 8
    assert writes.card < 2 * writes.pictures
