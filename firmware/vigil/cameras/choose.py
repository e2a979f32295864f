"""From a line in the configuration to an open camera. Each kind is imported only when there is one of it."""

from __future__ import annotations

from pathlib import Path

from vigil.cameras.film import OpenMp4
from vigil.cameras.source import Source, Wishes
from vigil.clock import Clock
from vigil.config.model import Camera


def prompt(camera: Camera, wishes: Wishes) -> bool:
    """
    Say whether opening and reading this camera never waits for anybody, so that it needs no thread that does.

    So it is for films and network cameras as long as their recorded pictures are
    not decoded as well: their `due_us` says when there is something.
    """
    if camera.source == "rtsp":
        return not wishes.luma or bool(camera.sub_url)
    return camera.source == "replay" and not wishes.luma


def open_source(
    camera: Camera, wishes: Wishes, clock: Clock, *, data_dir: Path = Path(), open_mp4: OpenMp4 | None = None
) -> Source:
    """
    Open a camera. Raises `CameraLost`.

    Relative paths of films begin at `data_dir`; with `open_mp4` they are read
    without FFmpeg where that can be.
    """
    match camera.source:
        case "rtsp":
            return _network(camera, wishes, clock)
        case "v4l2":
            return _usb(camera, wishes, clock)
        case "picamera2":
            return _ribbon(camera, wishes, clock)
        case "replay":
            from vigil.cameras.replay import ReplaySource

            path = data_dir / camera.path
            return ReplaySource(path, clock, wishes=wishes, loop=camera.loop, open_mp4=open_mp4)
        case "synthetic":
            return _synthetic(camera, wishes, clock)


def _network(camera: Camera, wishes: Wishes, clock: Clock) -> Source:
    from vigil.cameras.rtsp import RtspSource

    return RtspSource(
        camera.url,
        clock,
        wishes=wishes,
        sub_url=camera.sub_url,
        connect_timeout_s=camera.connect_timeout_s,
        read_timeout_s=camera.read_timeout_s,
        aside=prompt(camera, wishes),
    )


def _usb(camera: Camera, wishes: Wishes, clock: Clock) -> Source:
    from vigil.cameras.board import read_board
    from vigil.cameras.encode import encoders_here
    from vigil.cameras.v4l2 import V4l2Source
    from vigil.cameras.v4l2_formats import modes_of

    return V4l2Source(
        camera.device,
        clock,
        wishes=wishes,
        modes=modes_of(camera.device),
        board=read_board(encoders=encoders_here()),
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        bit_rate_kbps=camera.bit_rate_kbps,
        read_timeout_s=camera.read_timeout_s,
    )


def _synthetic(camera: Camera, wishes: Wishes, clock: Clock) -> Source:
    from vigil.cameras.synthetic import SyntheticSource

    return SyntheticSource(
        clock,
        wishes=wishes,
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        bit_rate_kbps=camera.bit_rate_kbps,
        read_timeout_s=camera.read_timeout_s,
    )


def _ribbon(camera: Camera, wishes: Wishes, clock: Clock) -> Source:
    from vigil.cameras.picamera2 import Picamera2Source

    return Picamera2Source(
        camera.index,
        clock,
        wishes=wishes,
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        bit_rate_kbps=camera.bit_rate_kbps,
        read_timeout_s=camera.read_timeout_s,
    )
