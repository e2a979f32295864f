"""A network camera read by FFmpeg, for streams that our own client does not take apart. It needs a thread to wait."""

from __future__ import annotations

from vigil.cameras.address import shown
from vigil.cameras.container import Container
from vigil.cameras.pump import Pump
from vigil.cameras.rhythm import Rhythm
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec

LINGER_S = 2
"""The socket gives up this much later than the reader, whose message says more."""


class FfmpegReception:
    """What `Reception` is, by FFmpeg. Raises `CameraLost`."""

    def __init__(
        self, address: str, clock: Clock, *, audio: bool, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        self._clock = clock
        self._called = shown(address)
        self._read_timeout_s = read_timeout_s
        options = stream_options(audio=audio, read_timeout_s=read_timeout_s)
        self._container = Container(
            address, clock, called=self._called, options=options, open_timeout_s=connect_timeout_s, audio=audio
        )
        self._picture_us = clock.steady_us()
        self._rhythm = Rhythm()
        self._pump: Pump[list[Packet], Packet] = Pump(
            self._fetch, self._digest, self._container.close, name=self._called, more_due=self._more_due
        )

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""
        return self._container.codec

    @property
    def audio_codec(self) -> AudioCodec | None:
        """The codec of the sound, where there is any."""
        return self._container.audio_codec

    @property
    def audio_note(self) -> str:
        """Why there is no sound."""
        return self._container.audio_note

    def receive(self) -> list[Packet]:
        """Return what has come, without waiting. Raises `CameraLost`."""
        packets = self._pump.take(0)
        now_us = self._clock.steady_us()
        if any(not packet.audio for packet in packets):
            self._picture_us = now_us
        elif now_us - self._picture_us >= self._read_timeout_s * 1_000_000:
            raise CameraLost(f"{self._called}: no picture for {self._read_timeout_s:g} s")
        return packets

    def close(self) -> None:
        """Let the camera go. May be called twice."""
        self._pump.close()

    def _fetch(self) -> list[Packet]:
        try:
            return self._container.read()
        except CameraEnded as error:
            raise CameraLost(f"{self._called} ended the stream") from error

    def _digest(self, packets: list[Packet], waited: bool) -> list[Packet]:
        """Say when each picture came."""
        items = []
        for packet in packets:
            if packet.audio:
                items.append(packet)
                continue
            at_us = self._rhythm.came(packet.dts * 1_000_000 // TICKS_PER_S, packet.at_us, waited=waited)
            items.append(Packet(packet.data, packet.pts, packet.dts, at_us, packet.key, packet.codec))
        return items

    def _more_due(self) -> bool:
        return self._rhythm.due(self._clock.steady_us())


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
