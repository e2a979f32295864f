"""A camera that needs no hardware: it films a drawn room, with a clock on the wall, and encodes it like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigil.cameras import drawing
from vigil.cameras.drawing import Canvas
from vigil.cameras.encode import Encoder
from vigil.cameras.encoder import SOFTWARE, Plan, Target, software_options
from vigil.cameras.pace import Pace
from vigil.cameras.scene import SyntheticScene
from vigil.cameras.source import Source, Wishes
from vigil.clock import Clock
from vigil.errors import CameraLost
from vigil.frames.packet import TICKS_PER_S, Luma, Packet

if TYPE_CHECKING:
    from av import VideoFrame

NOISE = bytes(range(1, 256)) * 8

CATCH_UP_US = 1_000_000
"""Pictures later than this are never taken: after a long pause the camera goes on from now."""


class _Studio:
    """Everything that depends on the size of the picture: canvas, background, frame and encoder."""

    def __init__(self, encoder: Encoder, width: int, height: int) -> None:
        from av import VideoFrame

        self.encoder = encoder
        self.frame: VideoFrame = VideoFrame(width, height, "yuv420p")
        grey, *colours = self.frame.planes
        for plane in colours:
            plane.update(bytes((128,)) * plane.buffer_size)
        self.canvas = Canvas(width, height, stride=grey.line_size)
        self.background = Canvas(width, height, stride=grey.line_size)
        drawing.floor(self.background)


class SyntheticSource(Source):
    """
    The camera. Raises `CameraLost` when its scene says that it is unplugged.

    `scene` is the world it films, and has hands for tests. Grey pictures are
    taken from the drawing, not decoded. Sides are rounded down to even numbers.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        wishes: Wishes,
        width: int = 640,
        height: int = 360,
        fps: float = 15.0,
        bit_rate_kbps: int = 500,
        read_timeout_s: float = 10.0,
        scene: SyntheticScene | None = None,
    ) -> None:
        self._clock = clock
        self._wishes = wishes
        self._fps = fps
        self._bit_rate_kbps = bit_rate_kbps
        self._read_timeout_s = read_timeout_s
        self._scene = scene or SyntheticScene()
        self._closed = False
        self._obey_plug()
        self._studio = self._set_up(width, height)
        self._began_us = clock.steady_us()
        self._count = 0
        self._last_picture_us = self._began_us
        self._luma_pace = Pace(1_000_000 / wishes.luma_fps)

    def _set_up(self, width: int, height: int) -> _Studio:
        width, height = width // 2 * 2, height // 2 * 2
        plan = Plan(name=SOFTWARE, why="drawn here", options=software_options(1, self._bit_rate_kbps))
        target = Target(
            width=width,
            height=height,
            fps=self._fps,
            bit_rate_kbps=self._bit_rate_kbps,
            keyframe_distance_s=self._wishes.keyframe_distance_s,
        )
        encoder = Encoder(plan, self._clock, target)
        return _Studio(encoder, width, height)

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        if self._closed:
            return ()
        self._obey_plug()
        due_us = self._due_us()
        now_us = self._clock.steady_us()
        if now_us < due_us:
            self._clock.sleep(min((due_us - now_us) / 1_000_000, timeout_s))
            now_us = self._clock.steady_us()
            if now_us < due_us:
                return ()
        if now_us - due_us > CATCH_UP_US:
            self._count += int((now_us - due_us) * self._fps // 1_000_000)
            due_us = self._due_us()
        self._count += 1
        if self._scene.stalled:
            self._check_silence(now_us)
            return ()
        self._last_picture_us = now_us
        return self._film(due_us)

    def _due_us(self) -> int:
        return self._began_us + round(self._count * 1_000_000 / self._fps)

    def _film(self, due_us: int) -> list[Packet | Luma]:
        wanted = self._scene.size
        if wanted is not None:
            self._scene.size = None
            self._studio = self._set_up(*wanted)
        studio = self._studio
        self._scene.draw(studio.canvas, studio.background, wall_us=self._clock.wall_us(), steady_us=due_us)
        studio.frame.planes[0].update(bytes(studio.canvas.grey))
        ticks = (due_us - self._began_us) * TICKS_PER_S // 1_000_000
        if self._scene.take_garbage():
            studio.encoder.packet(NOISE, ticks, ticks)
        items: list[Packet | Luma] = list(studio.encoder.encode(studio.frame, ticks))
        return items + self._luma(items)

    def _luma(self, items: Sequence[Packet | Luma]) -> list[Luma]:
        now_us = self._clock.steady_us()
        if not self._wishes.luma or not self._luma_pace.due(now_us):
            return []
        canvas = self._studio.canvas
        step = -(-canvas.width // self._wishes.luma_width)
        key = any(isinstance(item, Packet) and item.key for item in items)
        return [Luma(canvas.shrunk(step), canvas.width // step, canvas.height // step, now_us, key=key)]

    def _obey_plug(self) -> None:
        if self._scene.vanished:
            raise CameraLost("the synthetic camera is unplugged")

    def _check_silence(self, now_us: int) -> None:
        if now_us - self._last_picture_us >= self._read_timeout_s * 1_000_000:
            raise CameraLost(f"the synthetic camera: no picture for {self._read_timeout_s:g} s")

    def close(self) -> None:
        self._closed = True

    def request_keyframe(self) -> None:
        self._studio.encoder.request_keyframe()

    def describe(self) -> dict[str, str]:
        canvas = self._studio.canvas
        return {
            "encoder": SOFTWARE,
            "codec": "h264",
            "resolution": f"{canvas.width}x{canvas.height}",
            "pictures a second": f"{self._fps:g}",
        }
