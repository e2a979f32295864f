"""
Lets the real picamera2 run on libcamera's virtual cameras, which tests/ground/trixie/virtual.yaml describes.

Three things of a Raspberry Pi are missing there, and only they are put in their place: a screen driver (`kms`), picture
memory from a DMA heap (`planes`), and a sensor that has a pace (`paced`). Encoders, event loop, configuration and
requests are picamera2's own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.libcamera_virtual import kms

BARS, FRAMES = "Virtual0", "Virtual1"


class Hands:
    """The world's side of the cameras: those opened since the shim was put in, newest last."""

    def __init__(self):
        self.cameras = []

    def unplug(self):
        self.cameras[-1].unplug()


@contextmanager
def virtual_cameras(*, fps: float) -> Iterator[Hands]:
    """Put the shim in for a while; every camera opened meanwhile gives `fps` pictures a second."""
    hands = Hands()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "kms", kms)
        import libcamera
        from picamera2 import picamera2 as module

        from fakes.libcamera_virtual.paced import PacedCamera
        from fakes.libcamera_virtual.planes import PlaneAllocator

        initialize = module.Picamera2._initialize_camera

        def paced(self):
            initialize(self)
            self.camera = PacedCamera(self.camera, fps)
            hands.cameras.append(self.camera)

        def raw_modes(self):
            # A virtual camera has no sensor, and libcamera refuses to say what raw pictures it would give.
            formats = self.camera.generate_configuration([libcamera.StreamRole.VideoRecording]).at(0).formats
            return [
                {"format": str(pixels), "size": (size.width, size.height)}
                for pixels in formats.pixel_formats
                for size in formats.sizes(pixels)
            ]

        patch.setattr(module, "DmaAllocator", PlaneAllocator)
        patch.setattr(module.Picamera2, "_initialize_camera", paced)
        patch.setattr(module.Picamera2, "_get_raw_modes", raw_modes)
        yield hands
