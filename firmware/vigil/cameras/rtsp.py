"""A network camera: its stream is recorded as it comes (RTSP over TCP, H.264 or H.265), never encoded again."""

from __future__ import annotations

from collections.abc import Sequence

from vigil.cameras.address import shown
from vigil.cameras.container import Container
from vigil.cameras.ffmpeg import Input
from vigil.cameras.luma import Eye
from vigil.cameras.pump import Pump
from vigil.cameras.rhythm import Rhythm
from vigil.cameras.source import Source, Wishes
from vigil.cameras.substream import SubStream
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import TICKS_PER_S, Luma, Packet

LINGER_S = 2
"""The socket gives up this much later than the reader, whose message says more."""


class RtspSource(Source):
    """
    A network camera, opened. Raises `CameraLost` when that takes more than `connect_timeout_s`.

    With `sub_url` the grey pictures come from that smaller stream, in a thread
    of its own; while it is away, and without it, from the keyframes of the main
    one. Sound (AAC only) comes with `wishes.audio`.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        wishes: Wishes,
        sub_url: str = "",
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._clock = clock
        self._called = shown(url)
        self._read_timeout_s = read_timeout_s
        self._container = open_stream(
            url, clock, audio=wishes.audio, open_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s
        )
        self._eye = Eye(wishes) if wishes.luma else None
        self._sub: SubStream | None = None
        if wishes.luma and sub_url:

            def open_sub() -> Input:
                return Input(
                    sub_url, called=shown(sub_url), options=stream_options(audio=False, read_timeout_s=read_timeout_s),
                    open_timeout_s=connect_timeout_s,
                )  # fmt: skip

            self._sub = SubStream(open_sub, clock, wishes=wishes)
        self._last_picture_us = clock.steady_us()
        self._rhythm = Rhythm()
        self._pump: Pump[list[Packet], Packet | Luma] = Pump(
            self._fetch, self._digest, self._container.close, name=self._called, more_due=self._more_due
        )

    def _fetch(self) -> list[Packet]:
        try:
            return self._container.read()
        except CameraEnded as error:
            raise CameraLost(f"{self._called} ended the stream") from error

    def _digest(self, packets: list[Packet], waited: bool) -> list[Packet | Luma]:
        """Say when each picture came, and look at keyframes as long as nothing better shows the scene."""
        items: list[Packet | Luma] = []
        for packet in packets:
            if packet.audio:
                items.append(packet)
                continue
            at_us = self._rhythm.came(packet.dts * 1_000_000 // TICKS_PER_S, packet.at_us, waited=waited)
            picture = Packet(packet.data, packet.pts, packet.dts, at_us, packet.key, packet.codec)
            items.append(picture)
            if self._eye is not None and (self._sub is None or not self._sub.up):
                items += self._eye.look(picture)
        return items

    def _more_due(self) -> bool:
        return self._rhythm.due(self._clock.steady_us())

    def read(self, timeout_s: float) -> Sequence[Packet | Luma]:
        items = self._pump.take(timeout_s)
        now_us = self._clock.steady_us()
        if any(isinstance(item, Packet) and not item.audio for item in items):
            self._last_picture_us = now_us
        elif now_us - self._last_picture_us >= self._read_timeout_s * 1_000_000:
            raise CameraLost(f"{self._called}: no picture for {self._read_timeout_s:g} s")
        if self._sub is not None:
            items += self._sub.take()
        return items

    def close(self) -> None:
        self._pump.close()
        if self._sub is not None:
            self._sub.close()

    def describe(self) -> dict[str, str]:
        facts = {"address": self._called, "encoder": "the camera's own"}
        codec = self._container.codec
        if codec is not None:
            facts |= {"codec": codec.name, "resolution": f"{codec.width}x{codec.height}"}
        if self._container.audio_codec is not None:
            facts["sound"] = f"AAC, {self._container.audio_codec.sample_rate} Hz"
        elif self._container.audio_note:
            facts["sound"] = self._container.audio_note
        if self._eye is not None:
            facts["motion pictures"] = self._sub.describe() if self._sub is not None else "keyframes of the main stream"
        return facts


def open_stream(url: str, clock: Clock, *, audio: bool, open_timeout_s: float, read_timeout_s: float) -> Container:
    """Open an RTSP address. Raises `CameraLost`."""
    options = stream_options(audio=audio, read_timeout_s=read_timeout_s)
    return Container(url, clock, called=shown(url), options=options, open_timeout_s=open_timeout_s, audio=audio)


def stream_options(*, audio: bool, read_timeout_s: float) -> dict[str, str]:
    """Return FFmpeg's options for an RTSP address."""
    return {
        # Over UDP a lost packet is a broken picture, and a recording of broken pictures is no evidence.
        "rtsp_transport": "tcp",
        # Streams that are not asked for are not sent.
        "allowed_media_types": "video+audio" if audio else "video",
        # FFmpeg would wait for twenty pictures to learn their rate, which their own times tell us.
        "fpsprobesize": "0",
        # Microseconds without a byte after which FFmpeg gives up (called `stimeout` before FFmpeg 5).
        "timeout": str(round((read_timeout_s + LINGER_S) * 1_000_000)),
    }
