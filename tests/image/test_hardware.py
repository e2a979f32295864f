"""
A box that records tries its hardware, on its unmodified root and by the command of docs/guide/hardware-tests.md.

Button and lamp are the kernel's gpio-sim, the USB camera is its vivid, the ribbon-cable camera libcamera's virtual one,
the watchdog the board's i6300esb; the network camera is a real server on this host.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from fakes.other_cameras import HOST, configure
from fakes.qemu import emulated_for
from fakes.recording_box import recording_box, resumed
from fakes.rtsp_server import RtspServer, endless_line
from fakes.web_files import serving
from hw_tests.pack import packed

# Six minutes: what tries a camera encodes and decodes, in an emulated board that records another one.
pytestmark = emulated_for(2400, at_length=True)

TRY_S = 1800
CAMERA = """
[[camera]]
id = "usb"
source = "v4l2"
device = "/dev/video0"
width = 320
height = 180
fps = 5
bit_rate_kbps = 200
"""
FETCH = f"from urllib.request import urlretrieve as get; get('http://{HOST}:{{port}}/hw-tests.pyz', 'hw-tests.pyz')"
PYTHON = "/opt/vigil/bin/python"
# What stands for the hardware, and must have been there; all else may be skipped, but not fail.
MUST_RUN = {
    ("panel", "simulated"),
    ("panel", "emulated"),
    ("cameras", "drawn"),
    ("cameras", "vivid"),
    ("cameras", "network"),
    ("cameras", "libcamera's virtual"),
    ("watchdog", ""),
    ("box", "usb"),
}


def test_all_hardware_that_can_be_emulated_does_what_it_should(tmp_path: Path):
    (tmp_path / "hw-tests.pyz").write_bytes(packed())
    line = endless_line(fps=5, kbit_s=200)
    with RtspServer({"/main": line}) as camera, serving(tmp_path) as web, resumed(recording_box(), tmp_path) as box:
        address = f"rtsp://{HOST}:{urlsplit(camera.url('/main')).port}/main"
        configure(box.shell, CAMERA)
        box.shell.ask("mount -o remount,rw /boot")
        box.shell.ask(f'cd /boot; {PYTHON} -c "{FETCH.format(port=web)}"')
        said = box.shell.ask(f"cd /boot; VIGIL_HW_RTSP={address} {PYTHON} hw-tests.pyz; true", timeout_s=TRY_S)
        told = json.loads(box.shell.ask("cat /boot/hw-tests.json"))

    print(said)
    assert not [one for one in told["tests"] if one["outcome"] == "failed"], said
    passed = {(one["part"], one["world"]) for one in told["tests"] if one["outcome"] == "passed"}
    assert passed >= MUST_RUN, said
    assert told["board"]["emulator"] == "qemu"
