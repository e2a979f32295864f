"""Pictures become H.264: the one encoder behind every camera that sends pictures rather than video."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

from vigil.cameras.encoder import HARDWARE, SOFTWARE, Plan, Target
from vigil.cameras.timeline import Timeline
from vigil.clock import Clock
from vigil.errors import CameraLost, FormatError
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import TICKS_PER_S, Packet, VideoCodec

if TYPE_CHECKING:
    from av import VideoCodecContext, VideoFrame

_INTRA, _ANY = 1, 0  # AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_NONE


class Encoder:
    """
    An open encoder, for pictures of one size. Raises `CameraLost` where it cannot be opened or fails.

    A keyframe comes at least every `keyframe_distance_s`, by the pictures' own
    times, since cameras give fewer pictures in the dark than they promise.
    """

    def __init__(self, plan: Plan, clock: Clock, target: Target) -> None:
        self._clock = clock
        self._name = plan.name
        self._distance_ticks = round(target.keyframe_distance_s * TICKS_PER_S)
        self._key_wanted = True
        self._last_key = 0
        self._reader = AnnexBReader("h264")
        self._timeline = Timeline(gap_ticks=round(TICKS_PER_S / target.fps))
        self._context: VideoCodecContext | None = _opened(plan, target)

    @property
    def codec(self) -> VideoCodec | None:
        """The codec, once the first picture has been encoded."""
        return self._reader.codec

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe."""
        self._key_wanted = True

    def encode(self, frame: VideoFrame, ticks: int) -> list[Packet]:
        """Encode a picture taken at `ticks` (90 kHz, rising); return what is ready, which may be an earlier one."""
        import av

        if self._context is None:
            return []
        if self._key_wanted or ticks - self._last_key >= self._distance_ticks:
            self._last_key, self._key_wanted = ticks, False
            frame.pict_type = _INTRA
        else:
            frame.pict_type = _ANY
        frame.pts = ticks
        frame.time_base = Fraction(1, TICKS_PER_S)
        failed = ""
        try:
            encoded = self._context.encode(frame)
        except (av.FFmpegError, OSError, ValueError) as error:
            failed = str(error)
        if failed:
            raise CameraLost(f"the encoder {self._name} failed: {failed}")
        return [packet for raw in encoded if (packet := self.packet(bytes(raw), raw.pts, raw.dts)) is not None]

    def packet(self, data: bytes, pts: int | None, dts: int | None) -> Packet | None:
        """Return an encoded picture as a packet. Raises `CameraLost` for what is none."""
        try:
            units, key, codec = self._reader.access_unit(data)
        except FormatError as error:
            raise CameraLost(f"the encoder {self._name} gives garbage: {error}") from error
        if not units or codec is None:
            return None
        pts, dts = self._timeline.place(pts, dts)
        return Packet(units, pts, dts, self._clock.steady_us(), key, codec)

    def close(self) -> None:
        """Let the encoder go: a board has few of them."""
        self._context = None


def encoders_here() -> list[str]:
    """Return which of the encoders we know FFmpeg has been built with."""
    from av.codec import codecs_available

    return [name for name in (HARDWARE, SOFTWARE) if name in codecs_available]


def _opened(plan: Plan, target: Target) -> VideoCodecContext:
    from av import CodecContext, FFmpegError

    failed = ""
    try:
        context = cast("VideoCodecContext", CodecContext.create(plan.name, "w"))
        context.width, context.height, context.pix_fmt = target.width, target.height, plan.pixel_format
        context.framerate = Fraction(target.fps).limit_denominator(1001)
        context.time_base = Fraction(1, TICKS_PER_S)
        context.bit_rate = target.bit_rate_kbps * 1000
        context.gop_size = max(1, int(target.fps * target.keyframe_distance_s))
        context.max_b_frames = 0
        context.thread_count = plan.threads
        context.options = dict(plan.options)
        context.open()
    except (FFmpegError, OSError, ValueError) as error:
        failed = str(error)
    if failed:
        raise CameraLost(f"the encoder {plan.name} cannot be opened at {target.width}x{target.height}: {failed}")
    return context
