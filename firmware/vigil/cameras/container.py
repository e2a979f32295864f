"""
The door to FFmpeg's demuxers: opens a file or an address and hands over its encoded pictures as they are.

Nothing is decoded here. Each picture is only repacked: NAL units behind their
lengths, parameter sets apart, times in 90 kHz ticks that go forward.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vigil.cameras.timeline import LEAD, Timeline, fill_lead
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost, FormatError
from vigil.frames.aac import audio_codec
from vigil.frames.decoder_config import read_avcc, read_hvcc
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

RECORDED = {"h264": "h264", "hevc": "h265"}
"""FFmpeg's names of the codecs that are recorded, and ours."""


class _Picture(NamedTuple):
    """A picture whose times may still be missing."""

    data: bytes
    key: bool
    codec: VideoCodec
    pts: int | None
    dts: int | None
    at_us: int


class Container:
    """
    An open stream of encoded pictures. Constructing one opens it or raises `CameraLost`.

    `called` is what people read in messages; the address itself, which may hold
    a password, is never in one. `options` go to FFmpeg. Only one thread may use
    it, `close` included.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        called: str,
        format_name: str | None = None,
        options: Mapping[str, str] | None = None,
        open_timeout_s: float = 10.0,
        audio: bool = False,
    ) -> None:
        self._clock = clock
        self._called = called
        self._input = _opened(address, called, format_name, dict(options or {}), open_timeout_s)
        try:
            self._choose_streams(audio=audio)
        except BaseException:
            self._input.close()
            raise

    def _choose_streams(self, *, audio: bool) -> None:
        video = next(iter(self._input.streams.video), None)
        if video is None:
            raise CameraLost(f"{self._called} has no pictures")
        name = video.codec_context.name if video.codec_context is not None else "an unknown codec"
        if name not in RECORDED:
            raise CameraLost(
                f"{self._called} sends {name}, but only H.264 and H.265 are recorded: set the camera to one of them"
            )
        self._video: VideoStream = video
        self._reader = AnnexBReader(RECORDED[name])
        self._length_size = self._learn(video.codec_context.extradata or b"")
        self._gap = _gap_ticks(video)
        self._lead: list[_Picture] | None = []
        self._timeline = Timeline(gap_ticks=self._gap)
        self._origin: int | None = None
        self._sound: AudioStream | None = None
        self.audio_codec: AudioCodec | None = None
        self.audio_note = ""
        if audio:
            self._choose_sound()
        chosen: list[Any] = [video, self._sound] if self._sound is not None else [video]
        self._packets: Iterator[av.Packet[Any]] = self._input.demux(*chosen)

    def _learn(self, extradata: bytes) -> int:
        """Take the parameter sets beside the stream; return how long the lengths in it are, or 0 for Annex B."""
        try:
            if extradata[:1] != b"\x01":
                if extradata:
                    self._reader.access_unit(extradata)
                return 0
            size, sets = (read_avcc if self._video.codec_context.name == "h264" else read_hvcc)(extradata)
            self._reader.learn(sets)
        except FormatError as error:
            raise CameraLost(f"{self._called} describes its pictures wrongly: {error}") from error
        return size

    def _choose_sound(self) -> None:
        sound = next(iter(self._input.streams.audio), None)
        if sound is None:
            self.audio_note = "the camera sends no sound"
            return
        config = sound.codec_context.extradata or b""
        if sound.codec_context.name != "aac" or not config:
            self.audio_note = f"only AAC sound is recorded, and the camera sends {sound.codec_context.name}"
            return
        try:
            self.audio_codec = audio_codec(config)
        except FormatError as error:
            self.audio_note = f"the camera's sound is not recorded: {error}"
            return
        self._sound = sound
        self._sound_timeline = Timeline(gap_ticks=1024 * TICKS_PER_S // self.audio_codec.sample_rate)

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""
        return self._reader.codec

    @property
    def gap_ticks(self) -> int:
        """The usual distance of two pictures."""
        return self._gap

    def read(self) -> list[Packet]:
        """
        Wait for the next piece of the stream and return the packets it completed, often one, sometimes none.

        Raises `CameraLost` when the camera is gone or sends garbage, `CameraEnded` at the end.
        """
        import av

        raw = lost = None
        try:
            raw = next(self._packets, None)
        except (av.FFmpegError, OSError, ValueError) as error:
            lost = why(error, self._called)
        if lost is not None:
            raise CameraLost(lost)
        if raw is None or raw.size == 0:
            left = self._end_lead()
            if left:
                return left
            raise CameraEnded(f"{self._called} came to its end")
        try:
            return self._sound_packet(raw) if raw.stream_index != self._video.index else self._picture(raw)
        except FormatError as error:
            raise CameraLost(f"{self._called} sends pictures that cannot be read: {error}") from error

    def close(self) -> None:
        """Let go of it. May be called twice."""
        with contextlib.suppress(Exception):
            self._input.close()

    def _picture(self, raw: av.Packet[Any]) -> list[Packet]:
        at_us = self._clock.steady_us()
        whole = bytes(raw)
        unit = self._reader.lengths(whole, self._length_size) if self._length_size else self._reader.access_unit(whole)
        data, key, codec = unit
        if not data or codec is None:
            return []
        pts, dts = _ticks(raw.pts, raw.time_base), _ticks(raw.dts, raw.time_base)
        picture = _Picture(data, key, codec, pts, dts, at_us)
        if self._lead is None:
            return [self._placed(picture)]
        if not self._lead and not key:
            return []  # Nothing can show a stream before its first keyframe.
        self._lead.append(picture)
        timed = pts is not None and dts is not None
        # The first picture over RTP has no time: two more show how far before them it belongs.
        if (timed and (self._lead[0].pts is not None or len(self._lead) > 2)) or len(self._lead) == LEAD:
            return self._end_lead()
        return []

    def _end_lead(self) -> list[Packet]:
        """Give the pictures held at the start, now that their times can be filled in."""
        lead, self._lead = self._lead, None
        if not lead:
            return []
        times = fill_lead([(picture.pts, picture.dts) for picture in lead], gap_ticks=self._gap)
        self._origin = times[0][1]
        return [
            self._placed(picture._replace(pts=pts, dts=dts)) for picture, (pts, dts) in zip(lead, times, strict=True)
        ]

    def _placed(self, picture: _Picture) -> Packet:
        pts, dts = self._timeline.place(picture.pts, picture.dts)
        origin = self._origin or 0
        return Packet(picture.data, pts - origin, dts - origin, picture.at_us, picture.key, picture.codec)

    def _sound_packet(self, raw: av.Packet[Any]) -> list[Packet]:
        dts = _ticks(raw.pts if raw.dts is None else raw.dts, raw.time_base)
        if self._origin is None or dts is None or dts < self._origin or self.audio_codec is None:
            return []  # Sound before the first picture has nothing to go with.
        _, dts = self._sound_timeline.place(None, dts)
        dts -= self._origin
        return [Packet(bytes(raw), dts, dts, self._clock.steady_us(), True, self.audio_codec, audio=True)]


def _opened(
    address: str, called: str, format_name: str | None, options: dict[str, str], timeout_s: float
) -> InputContainer:
    """Open an address with FFmpeg. Raises `CameraLost`, outside of any handler: FFmpeg's errors hold passwords."""
    import av

    began = time.monotonic()
    try:
        # Only opening is timed by PyAV: its timer takes the interpreter's lock at every poll of the
        # socket. Reading is timed by FFmpeg's own `timeout` option.
        return av.open(address, "r", format=format_name, options=options, timeout=(timeout_s, None))
    except (av.FFmpegError, OSError, ValueError) as error:
        lost = why(error, called, opening=True)
    # FFmpeg calls it garbage, too, when it was interrupted within an answer.
    if time.monotonic() - began >= timeout_s:
        lost = f"{called} did not answer properly within {timeout_s:g} s"
    raise CameraLost(lost)


def why(error: Exception, called: str, *, opening: bool = False) -> str:
    """Return what FFmpeg's error means for the owner of a camera, without any part of the address."""
    import av

    match error:
        case av.HTTPUnauthorizedError() | av.HTTPForbiddenError():
            return f"{called} refuses the user name or the password"
        case av.HTTPNotFoundError():
            return f"{called} is not there: the camera knows no stream of this name"
        case av.ConnectionRefusedError():
            return f"nothing answers at {called}: is the camera on, and the port right?"
        case av.TimeoutError():
            return f"{called} sent nothing any more"
        case av.FileNotFoundError():
            return f"{called} is not there"
        case av.PermissionError():
            return f"{called} may not be read: check its permissions"
        case av.BrokenPipeError() | av.ConnectionResetError() | av.EOFError():
            return f"{called} broke the connection off"
        case av.InvalidDataError():
            return f"{called} sends garbage: what answers there is not a camera, or not the stream it says it is"
        case av.OSError() if error.errno == errno.EIO and opening:
            return f"{called} cannot be reached: is its name right, and the network up?"
        case av.FFmpegError() if error.strerror:
            return f"{called} cannot be read: {error.strerror}"
    return f"{called} cannot be read ({type(error).__name__})"


def _gap_ticks(video: VideoStream) -> int:
    rate = video.average_rate or video.guessed_rate
    if not rate or float(rate) <= 0:
        return TICKS_PER_S // 25
    return max(1, round(TICKS_PER_S / float(rate)))


def _ticks(time: int | None, base: Any) -> int | None:
    if time is None or base.denominator == TICKS_PER_S == base.denominator * base.numerator:
        return time
    scaled: int = (time * TICKS_PER_S * base.numerator * 2 + base.denominator) // (2 * base.denominator)
    return scaled
