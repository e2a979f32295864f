"""A network camera's small stream, opened to be looked at: by our own client where that knows it, else by FFmpeg."""

from __future__ import annotations

import time

from vigil.cameras.address import shown
from vigil.cameras.ffmpeg import Input, gap_ticks, ticks
from vigil.cameras.luma import PacketEye, StreamEye
from vigil.cameras.pump import WAITED_S
from vigil.cameras.rhythm import Rhythm
from vigil.cameras.rtsp_ffmpeg import stream_options
from vigil.cameras.rtsp_reception import Reception
from vigil.cameras.source import Wishes
from vigil.cameras.substream import Watched
from vigil.cameras.timeline import Timeline
from vigil.clock import Clock
from vigil.errors import StreamRefused
from vigil.frames.packet import TICKS_PER_S, Luma


def open_watched(
    address: str, clock: Clock, wishes: Wishes, *, connect_timeout_s: float, read_timeout_s: float
) -> Watched:
    """Open a small stream. Raises `CameraLost`."""
    try:
        return WatchedReception(
            Reception(
                address, clock, audio=False, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s
            ), wishes,
        )  # fmt: skip
    except StreamRefused:
        options = stream_options(audio=False, read_timeout_s=read_timeout_s)
    called = shown(address)
    return WatchedInput(Input(address, called=called, options=options, open_timeout_s=connect_timeout_s), clock, wishes)


class WatchedReception:
    """A stream that our own client receives."""

    def __init__(self, reception: Reception, wishes: Wishes) -> None:
        self._reception = reception
        self._eye = PacketEye(wishes)

    def look(self) -> list[Luma]:
        """Return what there is to see, without waiting. Raises `CameraLost`."""
        seen = [self._eye.look(packet) for packet in self._reception.receive()]
        return [luma for luma in seen if luma is not None]

    def close(self) -> None:
        """Let the camera go."""
        self._reception.close()
        self._eye.close()


class WatchedInput:
    """A stream that FFmpeg receives, whatever its codec: nothing is repacked on the way to its decoder."""

    def __init__(self, stream: Input, clock: Clock, wishes: Wishes) -> None:
        self._input = stream
        self._clock = clock
        self._eye = StreamEye(stream.video, wishes)
        self._rhythm, self._base = Rhythm(), stream.video.time_base
        self._timeline = Timeline(gap_ticks=gap_ticks(stream.video))

    def look(self) -> list[Luma]:
        """Wait for the next picture, and take all that are there; return what there is to see."""
        seen: list[Luma] = []
        rest = False
        while not rest:
            began = time.monotonic()
            raw = self._input.read()
            if raw is None:
                continue
            waited = time.monotonic() - began > WAITED_S
            _, media = self._timeline.place(ticks(raw.pts, self._base), ticks(raw.dts, self._base))
            at_us = self._rhythm.came(media * 1_000_000 // TICKS_PER_S, self._clock.steady_us(), waited=waited)
            if luma := self._eye.look(raw, at_us):
                seen.append(luma)
            rest = waited or not self._rhythm.due(self._clock.steady_us())
        return seen

    def close(self) -> None:
        """Let the camera go."""
        self._input.close()
