"""
Small grey pictures out of encoded ones, for motion: from keyframes alone, or from every picture of a small stream.

A keyframe stands alone, so decoding only those costs a tenth of decoding all;
the price is one look every keyframe distance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vigil.cameras.decoder import Decoder, load, open_decoder
from vigil.cameras.grey import Grey
from vigil.cameras.pace import Pace
from vigil.cameras.source import Wishes
from vigil.frames.decoder_config import avcc, hvcc
from vigil.frames.nal import join_annexb, split_lengths
from vigil.frames.packet import Luma, Packet, VideoCodec

if TYPE_CHECKING:
    import av
    from av import VideoFrame
    from av.video.stream import VideoStream


class _Opened:
    """The decoder of the codec that was seen last."""

    def __init__(self, extradata: Callable[[VideoCodec], bytes]) -> None:
        self._extradata = extradata
        self._codec: VideoCodec | None = None
        self._decoder: Decoder | None = None

    def of(self, codec: VideoCodec) -> Decoder:
        """Return the decoder, a new one where the codec is another than before."""
        if self._decoder is None or codec is not self._codec:
            self.close()
            self._decoder = open_decoder(codec, self._extradata(codec))
            self._codec = codec
        return self._decoder

    def close(self) -> None:
        """Give back what decoding holds: some megabytes for a large picture."""
        if self._decoder is not None:
            self._decoder.close()
        self._codec = self._decoder = None


class Eye:
    """
    Decodes the keyframes of a stream that is recorded to `Luma`.

    One that cannot be decoded is left out: the recording keeps it all the same.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._luma_width = wishes.luma_width
        self._opened = _Opened(lambda codec: join_annexb(codec.parameter_sets))

    def prepare(self) -> None:
        """Load what decoding needs, which takes its time on a small board."""
        load()

    def rest(self) -> None:
        """Give back what decoding holds: some megabytes for a large picture."""
        self._opened.close()

    def look(self, packet: Packet) -> list[Luma]:
        """Return the grey picture of a packet, if it is a keyframe."""
        if not isinstance(packet.codec, VideoCodec) or not packet.key:
            return []
        decoder = self._opened.of(packet.codec)
        if not decoder.decode(join_annexb(split_lengths(packet.data)), alone=True):
            return []
        seen = decoder.grey(self._luma_width)
        return [_luma(seen, packet.at_us)] if seen else []


class PacketEye:
    """
    Decodes every picture of a stream to `Luma`, as our own client hands them out.

    Every one must be decoded, since each builds on the one before, but only
    `wishes.luma_fps` of them are handed out. One that cannot be decoded is left out.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._luma_width = wishes.luma_width
        self._pace = Pace(1_000_000 / wishes.luma_fps)
        # Told so, the decoder takes units behind their lengths as they are.
        self._opened = _Opened(lambda codec: (avcc if codec.name == "h264" else hvcc)(codec))

    def look(self, packet: Packet) -> Luma | None:
        """Return the grey picture that this packet completes, if one is due."""
        if not isinstance(packet.codec, VideoCodec):
            return None
        decoder = self._opened.of(packet.codec)
        if not decoder.decode(packet.data) or not self._pace.due(packet.at_us):
            return None
        seen = decoder.grey(self._luma_width)
        return _luma(seen, packet.at_us) if seen else None

    def close(self) -> None:
        """Give back what decoding holds."""
        self._opened.close()


class StreamEye:
    """
    Decodes what a stream's own demuxer hands out to `Luma`: nothing is repacked on the way.

    Every picture must be decoded, since each builds on the one before, but only
    `wishes.luma_fps` of them are handed out. One that cannot be decoded is left out.
    """

    def __init__(self, stream: VideoStream, wishes: Wishes) -> None:
        from vigil.cameras.decoder_pyav import spare

        self._decoder = stream.codec_context
        spare(self._decoder)
        self._luma_width = wishes.luma_width
        self._pace = Pace(1_000_000 / wishes.luma_fps)

    def look(self, raw: av.Packet[VideoStream], at_us: int) -> Luma | None:
        """Return the grey picture that this packet completes, if one is due."""
        from vigil.cameras.decoder_pyav import newest

        frame = newest(self._decoder, raw)
        if frame is None or not self._pace.due(at_us):
            return None
        return grey(frame, at_us, luma_width=self._luma_width)


def grey(frame: VideoFrame, at_us: int, *, luma_width: int) -> Luma | None:
    """Return the brightness of a picture, shrunk to at most `luma_width` pixels; None where FFmpeg cannot tell it."""
    from vigil.cameras.decoder_pyav import shrunk

    seen = shrunk(frame, luma_width)
    return _luma(seen, at_us) if seen else None


def _luma(seen: Grey, at_us: int) -> Luma:
    return Luma(seen.pixels, seen.width, seen.height, at_us, key=seen.key)
