"""What every camera looks like to the recorder, whatever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from vigil.frames.packet import Luma, Packet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    What the recorder would like; a camera gives what it can.

    `keyframe_distance_s` is an upper bound where we command the encoder (half
    the pre-roll). `luma` asks for grey pictures, at `luma_fps` and about
    `luma_width` pixels wide; without it a source must not decode anything.
    """

    keyframe_distance_s: float = 2.0
    luma: bool = False
    luma_fps: float = 5.0
    luma_width: int = 640
    audio: bool = False


class Source(ABC):
    """
    A camera, opened.

    Constructing one opens the camera or raises `CameraLost`. Descendants
    *must* override `read` and `close`, and *may* override `request_keyframe`,
    `due_us` and `describe`. One thread reads; `close` may be called from another and
    makes a blocked `read` return or raise soon.
    """

    @abstractmethod
    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        """
        Return what has arrived, in order, waiting at most `timeout_s` for the first.

        An empty result means nothing came in time. Raises `CameraLost` when the
        camera is gone or sends garbage, `CameraEnded` at the end of a file.
        """

    @abstractmethod
    def close(self) -> None:
        """Let the camera go. Never raises; may be called twice."""

    def due_us(self) -> int:
        """Return when `read` will have something without waiting, for sources that are `prompt` (cameras/choose.py)."""
        return 0

    def request_keyframe(self) -> None:
        """Ask the encoder for a keyframe now. Cameras that cannot be asked ignore it."""

    def describe(self) -> dict[str, str]:
        """Return what is worth knowing about the open camera: encoder, resolution, pixel format."""
        return {}
