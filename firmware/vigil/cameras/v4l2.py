"""A USB camera: its H.264 as it comes where it encodes by itself, else its pictures through this board's encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vigil.cameras.container import Container
from vigil.cameras.encode import Encoder
from vigil.cameras.encoder import Board, Plan, Target, choose
from vigil.cameras.luma import Eye, grey
from vigil.cameras.pace import Pace
from vigil.cameras.pump import Pump
from vigil.cameras.source import Source, Wishes
from vigil.cameras.v4l2_capture import Capture
from vigil.cameras.v4l2_device import open_device
from vigil.cameras.v4l2_formats import Mode, best
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import Luma, Packet

if TYPE_CHECKING:
    import av
    from av import VideoFrame

Items = list[Packet | Luma]

BURST_S = 0.02
"""Short: what waits meanwhile are whole pictures in the driver's few buffers."""


class V4l2Source(Source):
    """
    A camera below `/dev`. Raises `CameraLost` when it cannot be opened.

    `modes` are what the device offers (`v4l2_formats.modes_of`), `board` what
    encodes here (`board.read_board`). The nearest size to the one asked for is
    taken. A camera that encodes by itself decides its own bit rate and keyframe
    distance. `format_name` is FFmpeg's; None plays a file of plain pictures
    through the same path.
    """

    def __init__(
        self,
        device: str,
        clock: Clock,
        *,
        wishes: Wishes,
        modes: Sequence[Mode],
        board: Board,
        width: int,
        height: int,
        fps: float,
        bit_rate_kbps: int,
        read_timeout_s: float = 10.0,
        format_name: str | None = "video4linux2",
    ) -> None:
        self._clock = clock
        self._called = device
        self._read_timeout_s = read_timeout_s
        mode = best(modes, width=width, height=height, fps=fps)
        if mode is None:
            raise CameraLost(f"{device} offers no format that can be recorded (H.264, YUYV, NV12, UYVY or MJPEG)")
        self._mode = mode
        options = options_for(mode, fps=fps) if format_name is not None else {}

        def make() -> _Straight | _Encoding:
            if mode.encoded:
                container = Container(device, clock, called=device, format_name=format_name, options=options)
                return _Straight(container, wishes)
            capture = Capture(device, called=device, format_name=format_name, options=options, fps=fps)
            return _Encoding(capture, clock, board, wishes, fps=min(fps, mode.fps), bit_rate_kbps=bit_rate_kbps)

        opened = (
            open_device(device, make, lambda late: late.close(), timeout_s=read_timeout_s)
            if format_name is not None
            else make()
        )
        self._opened = opened
        self._last_picture_us = clock.steady_us()
        self._pump: Pump[Any, Packet | Luma] = Pump(
            self._fetch, opened.digest, opened.close, name=device, burst_s=BURST_S
        )

    def _fetch(self) -> object:
        try:
            return self._opened.fetch()
        except CameraEnded as error:
            raise CameraLost(f"{self._called} sends no more pictures") from error

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        items = self._pump.take(timeout_s)
        now_us = self._clock.steady_us()
        if items:
            self._last_picture_us = now_us
        elif now_us - self._last_picture_us >= self._read_timeout_s * 1_000_000:
            raise CameraLost(f"{self._called}: no picture for {self._read_timeout_s:g} s")
        return items

    def close(self) -> None:
        # Nobody else, ourselves included, can open the device before the thread has let it go.
        self._pump.close(wait_s=1.0)

    def request_keyframe(self) -> None:
        self._opened.request_keyframe()

    def describe(self) -> dict[str, str]:
        return {"device": self._called, "camera format": self._mode.pixel_format} | self._opened.describe()


class _Straight:
    """The camera's own H.264."""

    def __init__(self, container: Container, wishes: Wishes) -> None:
        self._container = container
        self._eye = Eye(wishes) if wishes.luma else None
        self.fetch = container.read
        self.close = container.close

    def digest(self, packets: list[Packet], _waited: bool) -> Items:
        items: Items = list(packets)
        for packet in packets if self._eye is not None else ():
            items += self._eye.look(packet) if self._eye is not None else ()
        return items

    def request_keyframe(self) -> None:
        """Cameras have no common way to be asked."""

    def describe(self) -> dict[str, str]:
        codec = self._container.codec
        size = {"resolution": f"{codec.width}x{codec.height}"} if codec is not None else {}
        return {"encoder": "the camera's own", "codec": "h264"} | size


class _Encoding:
    """Plain pictures, encoded here."""

    def __init__(
        self, capture: Capture, clock: Clock, board: Board, wishes: Wishes, *, fps: float, bit_rate_kbps: int
    ) -> None:
        self._capture = capture
        self._clock = clock
        self._wishes = wishes
        self._luma_pace = Pace(1_000_000 / wishes.luma_fps)
        width, height = (side // 2 * 2 for side in capture.size)
        target = Target(
            width=width,
            height=height,
            fps=fps,
            bit_rate_kbps=bit_rate_kbps,
            keyframe_distance_s=wishes.keyframe_distance_s,
        )
        self._size = (width, height)
        self.fetch = capture.fetch
        try:
            self._plan: Plan = choose(board, target)
            self._encoder = Encoder(self._plan, clock, target)
        except CameraLost:
            capture.close()
            raise

    def digest(self, raw: av.Packet[Any] | None, _waited: bool) -> Items:
        items: Items = []
        for frame, at in self._capture.decode(raw):
            items += self._look(frame)
            width, height = self._size
            fit = frame.reformat(width=width, height=height, format=self._plan.pixel_format)
            items += self._encoder.encode(fit, at)
        return items

    def _look(self, frame: VideoFrame) -> list[Luma]:
        now_us = self._clock.steady_us()
        if not self._wishes.luma or not self._luma_pace.due(now_us):
            return []
        seen = grey(frame, now_us, luma_width=self._wishes.luma_width)
        return [seen] if seen else []

    def close(self) -> None:
        self._capture.close()
        self._encoder.close()

    def request_keyframe(self) -> None:
        self._encoder.request_keyframe()

    def describe(self) -> dict[str, str]:
        width, height = self._size
        facts = {"encoder": self._plan.name, "why this encoder": self._plan.why, "codec": "h264"}
        return facts | {"resolution": f"{width}x{height}"}


def options_for(mode: Mode, *, fps: float) -> dict[str, str]:
    """Return what FFmpeg asks the device for."""
    return {
        "input_format": mode.pixel_format,
        "video_size": f"{mode.width}x{mode.height}",
        "framerate": f"{min(fps, mode.fps):g}",
    }
