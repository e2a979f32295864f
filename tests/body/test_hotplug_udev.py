"""The door to pyudev, with the real library before pretended sockets; and a system without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.repository import ROOT
from vigil.body.hotplug_udev import Udev
from vigil.errors import DeviceError

PYTHON = Path("/usr/bin/python3")


def is_there() -> bool:
    """Whether Debian's Python has umockdev's bindings and pyudev, and is no older than ours may be."""
    words = "import sys, gi, pyudev; gi.require_version('UMockdev', '1.0'); sys.exit(sys.version_info < (3, 11))"
    wrapped = shutil.which("umockdev-wrapper") and PYTHON.exists()
    return bool(wrapped) and subprocess.run([PYTHON, "-c", words], capture_output=True).returncode == 0


@pytest.mark.host
@pytest.mark.skipif(not is_there(), reason="umockdev, gir1.2-umockdev-1.0 and python3-pyudev are not installed")
def test_what_is_plugged_in_is_seen_through_the_real_library():
    done = subprocess.run(
        ["umockdev-wrapper", PYTHON, ROOT / "tests/fakes/usb_sockets.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "firmware")}, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "quiet": False, "happened": True, "only once": False, "let in": [True, True], "left": ["1-2"],
        "devices": [
            ["1-1", "stick", True, "0781:5581-4C530001", 4], ["1-2", "keyboard", False, "0781:5581@1-2", 5],
        ],
        "cameras": ["/dev/v4l/by-id/i-video-index0"], "descriptor": True,
    }  # fmt: skip


def test_a_system_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyudev", None)

    with pytest.raises(DeviceError, match="cannot be watched"):
        Udev()
