"""Plain pictures (YUYV, JPEG and the like), from a video device or from a file that holds such pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vigil.cameras.ffmpeg import Input, gap_ticks, ticks
from vigil.cameras.pace import Pace
from vigil.cameras.timeline import Timeline
from vigil.errors import CameraLost
from vigil.frames.packet import TICKS_PER_S

if TYPE_CHECKING:
    import av
    from av import VideoFrame

MOST_BROKEN = 50
"""So many pictures in a row that cannot be decoded are a broken camera; single ones are a bad cable's noise."""


class Capture:
    """
    An open camera of plain pictures. Raises `CameraLost` when it cannot be opened.

    At most `fps` pictures a second are handed on: many cameras send 30 whatever
    they are asked for, and each one costs the encoder.
    """

    def __init__(
        self,
        address: str,
        *,
        called: str,
        format_name: str | None,
        options: Mapping[str, str],
        fps: float,
        open_timeout_s: float = 10.0,
    ) -> None:
        self._input = Input(
            address, called=called, format_name=format_name, options=options, open_timeout_s=open_timeout_s
        )
        self._decoder = self._input.video.codec_context
        self._decoder.thread_count = 1
        self._timeline = Timeline(gap_ticks=gap_ticks(self._input.video))
        self._pace = Pace(TICKS_PER_S / fps)
        self._broken = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._decoder.width, self._decoder.height

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of how the camera sends them."""
        return self._decoder.name if self._decoder.name != "rawvideo" else self._decoder.pix_fmt or "unknown"

    def fetch(self) -> av.Packet[Any] | None:
        """Wait for the next picture and return it as it came. Raises `CameraEnded` and `CameraLost`."""
        return self._input.read()

    def decode(self, raw: av.Packet[Any] | None) -> list[tuple[VideoFrame, int]]:
        """Return the picture and its time in 90 kHz ticks, or nothing when none is due. Raises `CameraLost`."""
        import av

        if raw is None:
            return []
        _, at = self._timeline.place(None, ticks(raw.pts, raw.time_base))
        if not self._pace.due(at):
            return []
        try:
            frames = self._decoder.decode(raw)
        except av.FFmpegError:
            frames = []
        self._broken = 0 if frames else self._broken + 1
        if self._broken > MOST_BROKEN:
            raise CameraLost(f"{self._input.called} sends pictures that cannot be decoded")
        return [(frame, at) for frame in frames[-1:]]

    def close(self) -> None:
        """Let go of it. May be called twice."""
        self._input.close()
