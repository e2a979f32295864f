"""A ribbon-cable camera of the Raspberry Pi: libcamera's pictures, encoded by the board where it can."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vigil.cameras.picamera2_choices import ENCODER_NAME_FILE, KeyDistance, Pace, Plan, plan
from vigil.cameras.picamera2_inbox import Inbox
from vigil.cameras.source import Source, Wishes
from vigil.cameras.timeline import Timeline
from vigil.clock import Clock
from vigil.errors import CameraLost, FormatError
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import TICKS_PER_S, Luma, Packet

log = logging.getLogger("vigil.camera")

LET_GO_S = 5.0
"""A camera that has not closed by then is left to a thread of its own: recording others must go on."""


class Picamera2Source(Source):
    """
    A camera that libcamera knows, opened through picamera2.

    `camera` is its place in the list of `rpicam-hello --list-cameras`, or its
    libcamera name. Width and height are what is asked; `describe` and the
    packets say what the camera gave. `read_timeout_s` without a picture means
    that it is lost: libcamera does not tell when a cable comes loose.
    """

    def __init__(
        self,
        camera: int | str,
        clock: Clock,
        *,
        wishes: Wishes,
        width: int = 1920,
        height: int = 1080,
        fps: int = 15,
        bit_rate_kbps: int = 4000,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._called = f"camera {camera}"
        self._clock = clock
        self._read_timeout_s = read_timeout_s
        self._inbox = Inbox()
        self._reader = AnnexBReader("h264")
        self._timeline = Timeline(gap_ticks=TICKS_PER_S // fps)
        self._keys = KeyDistance(wishes.keyframe_distance_s)
        self._pace = Pace(wishes.luma_fps)
        self._close_once = threading.Lock()
        self._closed = False
        asked = plan(
            width=width,
            height=height,
            fps=fps,
            bit_rate_kbps=bit_rate_kbps,
            wishes=wishes,
            encoder_name=name_of_device(ENCODER_NAME_FILE),
        )
        parts = _parts()
        try:
            self._camera = parts.open_camera(camera)
        except CameraLost:
            raise
        except Exception as error:
            raise CameraLost(f"{self._called} cannot be opened: {reason(error)}") from error
        try:
            self._start(parts, asked)
        except Exception as error:
            self.close()
            raise CameraLost(f"{self._called} cannot be started: {reason(error)}") from error
        self._last_picture_us = clock.steady_us()

    def _start(self, parts: Any, asked: Plan) -> None:
        self._brightness = parts.brightness
        parts.configure(self._camera, asked)
        self._facts = facts(self._camera, asked)
        self._encoder = parts.make_encoder(asked)
        if asked.luma_size is not None:
            self._camera.post_callback = self._look
        self._camera.start_preview(parts.EventLoop(self._fault))
        self._camera.start_encoder(self._encoder, parts.Sink(self._picture))
        self._camera.start()

    def _picture(self, data: bytes, at_sensor_us: int) -> None:
        """Take an encoded picture; in the encoder's thread."""
        try:
            units, key, codec = self._reader.access_unit(data)
        except FormatError as error:
            self._inbox.fail(CameraLost(f"{self._called}: the encoder sends garbage: {error}"))
            return
        if not units or codec is None:
            return
        ticks = at_sensor_us * 9 // 100
        pts, dts = self._timeline.place(ticks, ticks)
        if self._keys.overdue(pts, key=key):
            self._encoder.force_key_frame()
        self._inbox.packet(Packet(units, pts, dts, self._clock.steady_us(), key, codec))

    def _look(self, request: Any) -> None:
        """Take a grey picture if one is due; in picamera2's thread, before the same picture is encoded."""
        at_us = self._clock.steady_us()
        if self._pace.due(at_us):
            grey, width, height = self._brightness(request)
            self._inbox.luma(Luma(grey, width, height, at_us, key=True))

    def _fault(self, error: Exception) -> None:
        lost = CameraLost(f"{self._called} failed: {reason(error)}")
        lost.__cause__ = error
        self._inbox.fail(lost)

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        items = self._inbox.take(timeout_s)
        now_us = self._clock.steady_us()
        if any(isinstance(item, Packet) for item in items):
            self._last_picture_us = now_us
        elif now_us - self._last_picture_us >= self._read_timeout_s * 1_000_000:
            raise CameraLost(f"{self._called}: no picture for {self._read_timeout_s:g} s")
        return items

    def close(self) -> None:
        with self._close_once:
            if self._closed:
                return
            self._closed = True
        self._inbox.close()
        # A driver that hangs must not take the recorder with it, so somebody else waits for it.
        closing = threading.Thread(target=self._let_go, name=f"closing {self._called}", daemon=True)
        closing.start()
        closing.join(LET_GO_S)
        if closing.is_alive():
            log.error("%s does not close; it cannot be opened again before it does", self._called)

    def _let_go(self) -> None:
        try:
            _parts().close_camera(self._camera)
        except Exception as error:  # noqa: BLE001 (drivers raise what they like, and the camera is given up anyway)
            log.warning("%s did not close cleanly: %s", self._called, reason(error))

    def request_keyframe(self) -> None:
        self._encoder.force_key_frame()

    def describe(self) -> dict[str, str]:
        left_out = self._inbox.left_out
        return self._facts | ({"pictures left out": str(left_out)} if left_out else {})


def facts(camera: Any, asked: Plan) -> dict[str, str]:
    """Return what the configured camera gives, which may be other than was asked."""
    main = camera.stream_configuration("main")
    known = {
        "camera": str(camera.camera.id),
        "model": str(camera.camera_properties.get("Model", "unknown")),
        "encoder": "H.264 of the board" if asked.hardware else "libx264",
        "codec": "h264",
        "resolution": "{}x{}".format(*main["size"]),
        "pixel format": str(main["format"]),
    }
    if asked.luma_size is not None:
        known["motion pictures"] = "{}x{}".format(*camera.stream_configuration("lores")["size"])
    return known


def name_of_device(file: Path) -> str:
    """Return what the kernel calls a video device, from its file in /sys; empty where there is no such device."""
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def reason(error: BaseException) -> str:
    """Return what went wrong first: picamera2 wraps its errors in others that say less."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _parts() -> Any:
    """Import picamera2, which costs seconds on a small board and is not there on others."""
    try:
        from vigil.cameras import picamera2_parts
    except ImportError as error:
        raise CameraLost(f"picamera2 cannot be imported ({error}); see docs/design/picamera2.md") from error
    return picamera2_parts
