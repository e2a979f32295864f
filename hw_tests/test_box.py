"""
The box as its owner set it up: each camera's pictures are being sealed onto the card, and what is there can be checked.

A USB camera that the settings name and that is not there is plugged in, as far as this board allows: by the kernel's
pretended one. So is seen that a box which has been running without its camera takes it up.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from hw_tests.patience import until
from hw_tests.worlds.absence import Absent
from hw_tests.worlds.cameras import vivid
from vigil.config.model import Camera
from vigil.processes.settings import load
from vigil.store.browse import read_flushes
from vigil.store.disk import Disk
from vigil.store.layout import segments_of

DATA = Path("/vigil")
VIDEO = DATA / "video"
# Beside the Python that runs us: on the image, /opt/vigil/bin.
VIGIL = Path(sys.executable).with_name("vigil")
# A camera that was away is tried again at least once a minute.
UP_S = 150.0


def cameras_of_this_box() -> list[Camera | None]:
    if not VIDEO.is_mount():
        return [None]
    return list(load(DATA, Disk()).salvage.config.cameras)


@pytest.fixture(scope="module", params=cameras_of_this_box(), ids=lambda camera: camera and camera.id)
def camera(request, alone):
    """A camera of the settings; if its device is not there, one is plugged in."""
    if request.param is None:
        pytest.skip(f"this is no box of Vigil's that has a camera: nothing is set up, or nothing mounted at {VIDEO}")
    with ExitStack() as undo:
        if request.param.source == "v4l2" and not Path(request.param.device).exists():
            try:
                undo.enter_context(vivid())
            except Absent as reason:
                pytest.skip(f"{request.param.device} is not there: {reason}")
        yield request.param


def newest_durable(camera):
    """Which recording holds the newest picture that no power cut takes away, and how many of its bytes are safe."""
    for path in reversed(segments_of(VIDEO / camera.id)):
        if path.seal.exists() and (flushes := read_flushes(Disk(), path)):
            return path.seq, flushes[-1].size_bytes
    return 0, 0


def recorded(camera):
    """Every recording that has pictures, oldest first."""
    return [path.media for path in segments_of(VIDEO / camera.id) if path.media.exists()]


def test_its_pictures_become_durable(camera):
    before = newest_durable(camera)
    assert until(lambda: newest_durable(camera) > before, within_s=UP_S), said_by(camera)


def test_what_is_recorded_is_sealed(camera):
    with recorded(camera)[-1].open("rb") as file:
        assert file.readline() == b"age-encryption.org/v1\n"


def test_what_is_recorded_can_be_checked(camera):
    assert until(lambda: len(recorded(camera)) > 1, within_s=UP_S), "no recording ever ended"
    done = subprocess.run([VIGIL, "verify", recorded(camera)[-2]], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def said_by(camera):
    """What the camera's recorder wrote into the log, for whoever reads a report."""
    words = ["journalctl", "--boot", "--no-pager", "--lines=20", f"--unit=vigil-record@{camera.id}"]
    return subprocess.run(words, capture_output=True, text=True).stdout
