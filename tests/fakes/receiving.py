"""What tests of our own client of network cameras do with a camera."""

from __future__ import annotations

import pytest

from fakes.quirky_rtsp import PICTURES, Asked, Camera, patience
from vigil.cameras.rtsp_reception import Reception
from vigil.clock import Clock, HandClock
from vigil.errors import CameraLost
from vigil.frames.packet import Packet


def opened(camera: Camera, clock: Clock | None = None, *, url: str = "", read_timeout_s: float = 1000) -> Reception:
    """Open a camera; with a clock whose hands nobody moves no time passes."""
    return Reception(
        url or camera.url, clock or HandClock(), audio=False, connect_timeout_s=10, read_timeout_s=read_timeout_s
    )


def played(camera: Camera) -> list[Packet]:
    """Open a camera and return the pictures it sends."""
    with camera:
        reception = opened(camera)
        got: list[Packet] = []
        while len(got) < PICTURES:
            got += reception.receive()
            patience()
        reception.close()
        return got


def living(camera: Camera, *, seconds: float) -> Reception:
    """Open a camera, let so long pass, and return the reception."""
    clock = HandClock()
    reception = opened(camera, clock)
    camera.wait_for("PLAY")
    clock.sleep(seconds)
    reception.receive()
    return reception


def heard(reception: Reception, camera: Camera, method: str) -> Asked:
    """Go on receiving until the camera has heard this; return it."""
    while not any(asked.method == method for asked in camera.heard.queue):
        reception.receive()
        patience()
    return camera.wait_for(method)


def lost(reception: Reception) -> tuple[int, str]:
    """Receive until the camera is lost; return how many pictures came and why it is."""
    pictures = 0
    with pytest.raises(CameraLost) as caught:
        while True:
            pictures += len(reception.receive())
            patience()
    reception.close()
    return pictures, str(caught.value)


def secret(camera: Camera) -> str:
    """Return a camera's address with a password in it."""
    return camera.url.replace("rtsp://", "rtsp://joe:sesame@")
