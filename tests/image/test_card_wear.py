"""How much a box writes to its card in a day on which its camera sees nothing, and what it is: docs/performance.md."""

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

SPAN_S = 600
# What begins with a new camera has ended by then.
SETTLE_S = 45
DAY_S = 86400
MIB = 1 << 20
# 453 were measured.
MOST_MIB = 700
# Colours that stand still.
NOTHING = (
    "( videotestsrc is-live=true pattern=smpte75 ! video/x-raw,width=320,height=240,framerate=5/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 bitrate=200 ! "
    "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
CAMERA = """
[[camera]]
id = "bench"
source = "rtsp"
url = "{url}"
mode = "motion"
"""


def watched(place: Path) -> Writes:
    """What a box with such a camera writes meanwhile."""
    with RtspServer({"/main": NOTHING}) as server, resumed(recording_box(), place) as box:
        url = f"rtsp://{HOST}:{urlsplit(server.url('/main')).port}/main"
        configure(box.shell, CAMERA.format(url=url))
        box.shell.ask(f"sleep {SETTLE_S}")
        before = counted(box.shell)
        box.shell.ask(f"sleep {SPAN_S}", timeout_s=3 * SPAN_S)
        return written(before, counted(box.shell))


def test_a_day_without_motion_wears_the_card_little(tmp_path: Path):
    writes = watched(tmp_path)

    print("", "MiB in a day without motion:", writes.told(per_s=DAY_S, unit=MIB), sep="\n")
    assert writes.pictures == 0
    assert writes.card * DAY_S / writes.seconds < MOST_MIB * MIB
