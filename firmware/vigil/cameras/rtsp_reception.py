"""A network camera's packets put together into pictures and sound, as they come: the client that is our own."""

from __future__ import annotations

from vigil.cameras.address import shown
from vigil.cameras.arrival import Arrival
from vigil.cameras.rtp_report import stream_facts
from vigil.cameras.rtp_sound import SoundStream
from vigil.cameras.rtp_stream import VideoStream
from vigil.cameras.rtsp_session import RtspSession
from vigil.cameras.rtsp_wire import Frame
from vigil.clock import Clock
from vigil.errors import CameraLost, FormatError
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec


class Reception:
    """
    A camera's streams, received. Constructing one opens them within `connect_timeout_s`.

    Raises `CameraLost`; `StreamRefused` where FFmpeg may do better. One thread
    at a time may use it.
    """

    def __init__(
        self, address: str, clock: Clock, *, audio: bool, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        self._clock = clock
        self._called = shown(address)
        self._read_timeout_s = read_timeout_s
        self._session = RtspSession(
            address, called=self._called, audio=audio, connect_timeout_s=connect_timeout_s, now_us=clock.steady_us()
        )
        self._ended = False
        self.audio_note = ""
        try:
            self._begin(audio=audio)
        except BaseException:
            self._session.close()
            raise
        self._picture_us = clock.steady_us()
        self._arrival = Arrival(self._picture_us)

    def _begin(self, *, audio: bool) -> None:
        video, *sounds = self._session.tracks
        self._video = VideoStream(video.media)
        self._video.clock.began = video.began
        self._video_channel = video.channel
        self._sound: SoundStream | None = None
        self._sound_channel = -1
        if not audio:
            return
        if not sounds:
            self.audio_note = "the camera sends no sound"
            return
        try:
            self._sound = SoundStream(sounds[0].media, self._video)
            self._sound.clock.began = sounds[0].began
            self._sound_channel = sounds[0].channel
        except FormatError as error:
            self.audio_note = f"the camera's sound is not recorded: {error}"

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""
        return self._video.codec

    @property
    def audio_codec(self) -> AudioCodec | None:
        """The codec of the sound, where there is any."""
        return self._sound.codec if self._sound is not None else None

    def fileno(self) -> int:
        """Return the connection's descriptor."""
        return self._session.fileno()

    def receive(self) -> list[Packet]:
        """
        Return what has come, without waiting.

        Raises `CameraLost` when the camera hung up, sends garbage, or sent no
        picture for the read time-out.
        """
        now_us = self._clock.steady_us()
        packets = self._arrived(now_us)
        if packets:
            self._picture_us = now_us
        elif self._ended:
            raise CameraLost(f"{self._called} ended the stream")
        elif now_us - self._picture_us >= self._read_timeout_s * 1_000_000:
            said = self._session.last_refusal
            raise CameraLost(
                f"{self._called}: no picture for {self._read_timeout_s:g} s" + (f" (it said: {said})" if said else "")
            )
        self._session.stay(now_us)
        return packets

    def _arrived(self, now_us: int) -> list[Packet]:
        """Return the packets whose last piece is here, each dated by when it came."""
        pictures: list[Packet] = []
        sounds: list[Packet] = []
        try:
            for piece in self._session.pieces():
                self._put_together(piece, now_us, pictures, sounds)
        except CameraLost:
            # What came before it hung up is handed over first; the next look raises.
            pictures += self._video.end()
            if not pictures:
                raise
        except FormatError as error:
            raise CameraLost(f"{self._called} sends pictures that cannot be read: {error}") from error
        if self._ended:
            pictures += self._video.end()
        filmed = [picture.dts * 1_000_000 // TICKS_PER_S for picture in pictures]
        dated = self._arrival.date(filmed, now_us)
        return sounds + [
            Packet(picture.data, picture.pts, picture.dts, at_us, picture.key, picture.codec)
            for picture, at_us in zip(pictures, dated, strict=True)
        ]

    def _put_together(self, piece: list[Frame], now_us: int, pictures: list[Packet], sounds: list[Packet]) -> None:
        channel, push = self._video_channel, self._video.push
        for on, packet in piece:
            if on == channel:
                if came := push(packet, now_us):
                    pictures += came
            elif on == channel + 1:
                self._ended = self._video.control(packet, now_us).goodbye or self._ended
            elif self._sound is not None and on == self._sound_channel:
                sounds += self._sound.push(packet, now_us)
            elif self._sound is not None and on == self._sound_channel + 1:
                self._sound.control(packet, now_us)

    def describe(self) -> dict[str, str]:
        """Return how the pictures fare on their way, where there is something to say."""
        facts = stream_facts(self._video, steady_us=self._clock.steady_us(), wall_us=self._clock.wall_us())
        if self._session.junk:
            facts["skipped"] = f"{self._session.junk} bytes that made no sense"
        return facts

    def close(self) -> None:
        """Let the camera go. May be called twice."""
        self._session.close()
