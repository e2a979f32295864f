"""
Encoded pictures out of anything that FFmpeg can open, handed over as they are.

Nothing is decoded here. Each picture is only repacked: NAL units behind their
lengths, parameter sets apart, times in 90 kHz ticks that go forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vigil.cameras.ffmpeg import Input, gap_ticks, ticks
from vigil.cameras.timeline import LEAD, Timeline, fill_lead
from vigil.clock import Clock
from vigil.errors import CameraEnded, CameraLost, FormatError
from vigil.frames.aac import audio_codec
from vigil.frames.decoder_config import read_avcc, read_hvcc
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec

if TYPE_CHECKING:
    import av

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
    a password, is never in one; `advice` is what to do when the codec is not one
    that is recorded. `options` go to FFmpeg. Only one thread may use it, `close`
    included.
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
        advice: str = "set the camera to one of them",
    ) -> None:
        self._clock = clock
        self._called = called
        self._input = Input(
            address, called=called, format_name=format_name, options=options, open_timeout_s=open_timeout_s
        )
        try:
            self._begin(audio=audio, advice=advice)
        except BaseException:
            self._input.close()
            raise

    def _begin(self, *, audio: bool, advice: str) -> None:
        video = self._input.video
        name = video.codec_context.name
        if name not in RECORDED:
            raise CameraLost(f"{self._called} has {name} pictures, but only H.264 and H.265 are recorded: {advice}")
        self._reader = AnnexBReader(RECORDED[name])
        self._length_size = self._learn(name, video.codec_context.extradata or b"")
        self._gap = gap_ticks(video)
        # A packet's own base is the same, but made anew, as a fraction, whenever it is asked for.
        self._base = video.time_base
        self._lead: list[_Picture] | None = []
        self._timeline = Timeline(gap_ticks=self._gap)
        self._origin: int | None = None
        self.audio_codec: AudioCodec | None = None
        self.audio_note = ""
        if audio:
            self._choose_sound()

    def _learn(self, name: str, extradata: bytes) -> int:
        """Take the parameter sets beside the stream; return how long the lengths in it are, or 0 for Annex B."""
        try:
            if extradata[:1] != b"\x01":
                if extradata:
                    self._reader.access_unit(extradata)
                return 0
            size, sets = (read_avcc if name == "h264" else read_hvcc)(extradata)
            self._reader.learn(sets)
        except FormatError as error:
            raise CameraLost(f"{self._called} describes its pictures wrongly: {error}") from error
        return size

    def _choose_sound(self) -> None:
        sound = self._input.sound
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
        self._input.add_sound()
        self._sound_base = sound.time_base
        self._sound_timeline = Timeline(gap_ticks=1024 * TICKS_PER_S // self.audio_codec.sample_rate)

    @property
    def codec(self) -> VideoCodec | None:
        """The codec of the next picture, as far as it is known."""
        return self._reader.codec

    def read(self) -> list[Packet]:
        """
        Wait for the next piece of the stream and return the packets it completed, often one, sometimes none.

        Raises `CameraLost` when the camera is gone or sends garbage, `CameraEnded` at the end.
        """
        try:
            raw = self._input.read()
        except CameraEnded:
            left = self._end_lead()
            if left:
                return left
            raise
        if raw is None:
            return []
        try:
            return self._picture(raw) if raw.stream_index == self._input.video.index else self._sound(raw)
        except FormatError as error:
            raise CameraLost(f"{self._called} sends pictures that cannot be read: {error}") from error

    def close(self) -> None:
        """Let go of it. May be called twice."""
        self._input.close()

    def _picture(self, raw: av.Packet[Any]) -> list[Packet]:
        at_us = self._clock.steady_us()
        whole = bytes(raw)
        unit = self._reader.lengths(whole, self._length_size) if self._length_size else self._reader.access_unit(whole)
        data, key, codec = unit
        if not data or codec is None:
            return []
        pts, dts = ticks(raw.pts, self._base), ticks(raw.dts, self._base)
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

    def _sound(self, raw: av.Packet[Any]) -> list[Packet]:
        dts = ticks(raw.pts if raw.dts is None else raw.dts, self._sound_base)
        if self._origin is None or dts is None or dts < self._origin or self.audio_codec is None:
            return []  # Sound before the first picture has nothing to go with.
        _, dts = self._sound_timeline.place(None, dts)
        dts -= self._origin
        return [Packet(bytes(raw), dts, dts, self._clock.steady_us(), True, self.audio_codec, audio=True)]
