"""Which decoder turns encoded pictures into grey ones: FFmpeg's libavcodec alone, or PyAV where that cannot be had."""

from __future__ import annotations

from typing import Protocol

from vigil.cameras.grey import Grey
from vigil.cameras.libavcodec import library
from vigil.frames.packet import VideoCodec

FFMPEG_NAMES = {"h264": "h264", "h265": "hevc"}
"""What FFmpeg calls our codecs."""


class Decoder(Protocol):
    """
    Decodes the pictures of one stream, in the order in which they were sent.

    Whatever the bytes, it neither raises nor ends us: pictures that cannot be
    decoded are left out, and it begins anew with the next keyframe.
    """

    def decode(self, data: bytes, *, alone: bool = False) -> bool:
        """
        Take one access unit; return whether a picture was completed, the newest of which `grey` then gives.

        A picture may be held back until it is known that none comes before it.
        `alone` says that none comes before or after it: it is complete at once.
        """

    def grey(self, at_most: int) -> Grey | None:
        """Return the picture that `decode` completed last, at most so many pixels wide, and forget it."""

    def close(self) -> None:
        """Give back what it holds. Nothing may be called any more."""


def load() -> None:
    """Load what decoding needs, which takes its time on a small board."""
    if library() is None:
        import vigil.cameras.decoder_pyav  # noqa: F401


def open_decoder(codec: VideoCodec, extradata: bytes) -> Decoder:
    """Return a decoder of units behind start codes, or behind lengths where `extradata` is a record that says so."""
    name = FFMPEG_NAMES[codec.name]
    if (found := library()) is not None:
        from vigil.cameras.decoder_libavcodec import LibavcodecDecoder

        return LibavcodecDecoder(found, name, extradata)
    from vigil.cameras.decoder_pyav import PyAvDecoder

    return PyAvDecoder(name, extradata)
