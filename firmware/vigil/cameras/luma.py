"""
Small grey pictures out of encoded ones, for motion: from keyframes alone, or from every picture of a small stream.

A keyframe stands alone, so decoding only those costs a tenth of decoding all;
the price is one look every keyframe distance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigil.cameras.pace import Pace
from vigil.cameras.source import Wishes
from vigil.frames.decoder_config import avcc, hvcc
from vigil.frames.nal import split_lengths
from vigil.frames.packet import Luma, Packet, VideoCodec

if TYPE_CHECKING:
    import av
    from av import VideoCodecContext, VideoFrame
    from av.video.stream import VideoStream

_DECODERS = {"h264": "h264", "h265": "hevc"}
_START = b"\0\0\0\1"


class Eye:
    """
    Decodes the keyframes of a stream that is recorded to `Luma`.

    One that cannot be decoded is left out: the recording keeps it all the same.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._codec: VideoCodec | None = None
        self._decoder: VideoCodecContext | None = None

    def prepare(self) -> None:
        """Load what decoding needs, which takes its time on a small board."""
        import av  # noqa: F401

    def rest(self) -> None:
        """Give back what decoding holds: some megabytes for a large picture."""
        self._codec = self._decoder = None

    def look(self, packet: Packet) -> list[Luma]:
        """Return the grey picture of a packet, if it is a keyframe."""
        if not isinstance(packet.codec, VideoCodec) or not packet.key:
            return []
        if packet.codec is not self._codec:
            self._decoder = _decoder(packet.codec)
            self._codec = packet.codec
        frames = self._decode(packet)
        if not frames:
            return []
        return [grey(frames[-1], packet.at_us, luma_width=self._wishes.luma_width)]

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        import av

        assert self._decoder is not None
        data = b"".join(_START + unit for unit in split_lengths(packet.data))
        try:
            # The decoder holds a picture back until it knows that none comes before it: say that none comes.
            frames = self._decoder.decode(av.Packet(data)) + self._decoder.decode(None)
            self._decoder.flush_buffers()
        except av.FFmpegError:
            self._decoder.flush_buffers()
            return []
        return frames


class PacketEye:
    """
    Decodes every picture of a stream to `Luma`, as our own client hands them out.

    Every one must be decoded, since each builds on the one before, but only
    `wishes.luma_fps` of them are handed out. One that cannot be decoded is left out.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._luma_width = wishes.luma_width
        self._pace = Pace(1_000_000 / wishes.luma_fps)
        self._codec: VideoCodec | None = None
        self._decoder: VideoCodecContext | None = None

    def look(self, packet: Packet) -> Luma | None:
        """Return the grey picture that this packet completes, if one is due."""
        import av

        if isinstance(packet.codec, VideoCodec) and packet.codec is not self._codec:
            # Told so, the decoder takes units behind their lengths as they are.
            self._decoder = _decoder(packet.codec, record=(avcc if packet.codec.name == "h264" else hvcc)(packet.codec))
            self._codec = packet.codec
        if self._decoder is None:
            return None
        return _look(self._decoder, av.Packet(packet.data), packet.at_us, self._pace, self._luma_width)


class StreamEye:
    """
    Decodes what a stream's own demuxer hands out to `Luma`: nothing is repacked on the way.

    Every picture must be decoded, since each builds on the one before, but only
    `wishes.luma_fps` of them are handed out. One that cannot be decoded is left out.
    """

    def __init__(self, stream: VideoStream, wishes: Wishes) -> None:
        self._decoder = stream.codec_context
        _spare(self._decoder)
        self._luma_width = wishes.luma_width
        self._pace = Pace(1_000_000 / wishes.luma_fps)

    def look(self, raw: av.Packet[VideoStream], at_us: int) -> Luma | None:
        """Return the grey picture that this packet completes, if one is due."""
        return _look(self._decoder, raw, at_us, self._pace, self._luma_width)


def _look(decoder: VideoCodecContext, raw: av.Packet[Any], at_us: int, pace: Pace, luma_width: int) -> Luma | None:
    """Decode one picture of a stream of which all are; return what it completes in grey, if one is due."""
    import av

    try:
        frames = decoder.decode(raw)
    except av.FFmpegError:
        decoder.flush_buffers()
        return None
    if not frames or not pace.due(at_us):
        return None
    return grey(frames[-1], at_us, luma_width=luma_width)


def grey(frame: VideoFrame, at_us: int, *, luma_width: int) -> Luma:
    """Return the brightness of a picture, shrunk to at most `luma_width` pixels, sides in whole blocks of 8."""
    width = max(8, min(frame.width, luma_width) // 8 * 8)
    height = max(8, round(frame.height * width / frame.width) // 8 * 8)
    if (width, height) != (frame.width, frame.height) or not frame.format.name.startswith(("yuv", "gray", "nv")):
        frame = frame.reformat(width=width, height=height, format="gray", interpolation="AREA")
    return Luma(_rows(frame.planes[0], width, height), width, height, at_us, key=bool(frame.key_frame))


def _rows(plane: Any, width: int, height: int) -> bytes:
    stride = plane.line_size
    if stride == width:
        return bytes(memoryview(plane)[: width * height])
    view = memoryview(plane)
    return b"".join(view[at : at + width] for at in range(0, stride * height, stride))


def _decoder(codec: VideoCodec, record: bytes = b"") -> VideoCodecContext:
    """Return a decoder that expects start codes, or lengths where it is given the `record` that says so."""
    from av import CodecContext
    from av.video.codeccontext import VideoCodecContext

    decoder = CodecContext.create(_DECODERS[codec.name], "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = record or b"".join(_START + unit for unit in codec.parameter_sets)
    _spare(decoder)
    return decoder


def _spare(decoder: VideoCodecContext) -> None:
    decoder.thread_count = 1
    # Smoothing the edges of blocks costs a third of decoding, and block sums do not see it.
    decoder.options = {"skip_loop_filter": "all"}
