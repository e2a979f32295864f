"""
Cameras to open: one that draws its own pictures, the kernel's pretended ones, and what is plugged in.

Each world gives the settings as an owner would write them; the test opens them as a recorder does.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hw_tests.worlds.absence import Absent, load_module, need_root
from vigil.config.model import Camera

DEVICE = "VIGIL_HW_V4L2"
ADDRESS = "VIGIL_HW_RTSP"
VIDEO = Path("/sys/class/video4linux")
PIPELINE = Path("/usr/share/libcamera/pipeline/virtual")

BARS = """%YAML 1.1
---
"Virtual0":
  supported_formats:
  - width: 640
    height: 360
    frame_rates:
    - 10
    - 10
  test_pattern: "bars"
  location: "CameraLocationFront"
  model: "bars"
"""


def modest(camera: Camera) -> Camera:
    """The same, small and slow enough for a board that is emulated in software."""
    return replace(camera, width=320, height=180, fps=10, bit_rate_kbps=300)


def usual(camera: Camera) -> Camera:
    """The same, as an owner would want it."""
    return replace(camera, width=1280, height=720, fps=15, bit_rate_kbps=2000)


@contextmanager
def drawn() -> Iterator[Camera]:
    """The camera that draws a clock: no device at all."""
    yield modest(Camera(id="drawn", source="synthetic"))


@contextmanager
def vivid() -> Iterator[Camera]:
    """The second of two pretended by the kernel: the box may have been told to record the first. Raises `Absent`."""
    need_root()
    load_module("vivid", "n_devs=2", "node_types=0x1,0x1")
    try:
        pretended = devices_of("vivid")
        if not pretended:
            raise Absent("vivid is loaded and has no camera")
        yield modest(Camera(id="vivid", source="v4l2", device=str(pretended[-1])))
    finally:
        # It stays where the box has begun to record it.
        subprocess.run(["modprobe", "--remove", "vivid"], capture_output=True, check=False)


@contextmanager
def usb() -> Iterator[Camera]:
    """What VIGIL_HW_V4L2 names, or else the first USB camera. Raises `Absent`."""
    plugged_in = [Path(name) for name in [os.environ.get(DEVICE, "")] if name] or devices_of("uvcvideo")
    if not plugged_in:
        raise Absent(f"no USB camera is plugged in, and {DEVICE} names none")
    yield usual(Camera(id="usb", source="v4l2", device=str(plugged_in[0])))


@contextmanager
def network() -> Iterator[Camera]:
    """What VIGIL_HW_RTSP names. Raises `Absent`."""
    if not (address := os.environ.get(ADDRESS, "")):
        raise Absent(f"{ADDRESS} names no camera of the network")
    yield Camera(id="network", source="rtsp", url=address)


@contextmanager
def virtual() -> Iterator[Camera]:
    """libcamera's own virtual camera, under the real picamera2. Raises `Absent`."""
    _picamera2_is_here()
    need_root()
    # The pieces of a Raspberry Pi that it lacks: see there.
    from fakes.libcamera_virtual.cameras import virtual_cameras

    with _pipeline_described(), virtual_cameras(fps=10):
        yield replace(modest(Camera(id="virtual", source="picamera2")), width=640, height=360)


@contextmanager
def ribbon() -> Iterator[Camera]:
    """The first camera on the ribbon cable. Raises `Absent`."""
    _picamera2_is_here()
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise Absent(f"picamera2 cannot be used on this system: {error}") from error
    found = [place for place, one in enumerate(Picamera2.global_camera_info()) if not one["Id"].startswith("Virtual")]
    if not found:
        raise Absent("libcamera sees no camera on the ribbon cable")
    yield usual(Camera(id="ribbon", source="picamera2", index=found[0]))


WORLDS = {
    "drawn": drawn,
    "vivid": vivid,
    "usb": usb,
    "network": network,
    "libcamera's virtual": virtual,
    "ribbon": ribbon,
}


def devices_of(driver: str) -> list[Path]:
    """Devices below /dev that give pictures and belong to `driver`, in the order of their numbers."""
    from vigil.cameras.v4l2_formats import modes_of
    from vigil.errors import CameraLost

    found = []
    for entry in sorted(VIDEO.glob("video*"), key=lambda entry: int(entry.name[5:])):
        if driver not in (_driver_of(entry), (entry / "name").read_text().split("-")[0]):
            continue
        try:
            if modes_of(f"/dev/{entry.name}"):
                found.append(Path("/dev") / entry.name)
        except CameraLost:
            continue
    return found


def _driver_of(entry: Path) -> str:
    return (entry / "device" / "driver").resolve().name


def _picamera2_is_here() -> None:
    missing = [name for name in ("libcamera", "picamera2") if importlib.util.find_spec(name) is None]
    if missing:
        raise Absent(f"{' and '.join(missing)} not installed here")


@contextmanager
def _pipeline_described() -> Iterator[None]:
    """
    Describe the virtual camera where libcamera looks for it, for this process alone.

    That place is in the root, which is read-only, and nobody else shall see a camera that is not there.
    """
    if sys.version_info < (3, 12):
        raise Absent("a mount of one's own needs Python 3.12")
    os.unshare(os.CLONE_NEWNS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", PIPELINE], check=True)
    try:
        (PIPELINE / "virtual.yaml").write_text(BARS)
        yield
    finally:
        subprocess.run(["umount", PIPELINE], check=True)
