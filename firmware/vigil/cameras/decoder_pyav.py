"""Decoding to grey with PyAV: pictures that it received itself, and all where no libavcodec can be had without it."""

from __future__ import annotations

from typing import Any

import av
from av import CodecContext, VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

from vigil.cameras.grey import Grey, brightness_format, grey_size


class PyAvDecoder:
    """The `Decoder` that FFmpeg calls `name`; `extradata` is what it must know before the first picture."""

    def __init__(self, name: str, extradata: bytes) -> None:
        decoder = CodecContext.create(name, "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.extradata = extradata
        spare(decoder)
        self._decoder = decoder
        self._newest: VideoFrame | None = None

    def decode(self, data: bytes, *, alone: bool = False) -> bool:
        self._newest = None
        if data:
            self._newest = newest(self._decoder, av.Packet(data), alone=alone)
        return self._newest is not None

    def grey(self, at_most: int) -> Grey | None:
        frame, self._newest = self._newest, None
        return None if frame is None else shrunk(frame, at_most)

    def close(self) -> None:
        self._newest = None


def spare(decoder: VideoCodecContext) -> None:
    """Have it decode in this thread, and only as well as grey blocks need."""
    decoder.thread_count = 1
    # Smoothing the edges of blocks costs a third of decoding, and block sums do not see it.
    decoder.options = {"skip_loop_filter": "all"}


def newest(decoder: VideoCodecContext, packet: av.Packet[Any], *, alone: bool = False) -> VideoFrame | None:
    """Return the newest picture that a packet completes; whatever goes wrong, the decoder goes on with the next."""
    try:
        frames = decoder.decode(packet)
        if alone:
            # It holds a picture back until it knows that none comes before it: say that none comes.
            frames += decoder.decode(None)
    except av.FFmpegError:
        decoder.flush_buffers()
        return None
    if alone:
        decoder.flush_buffers()
    return frames[-1] if frames else None


def shrunk(frame: VideoFrame, at_most: int) -> Grey | None:
    """Return the brightness of a picture, at most so many pixels wide; None where FFmpeg cannot tell it."""
    width, height = grey_size(frame.width, frame.height, at_most=at_most)
    key = bool(frame.key_frame)
    if (width, height) != (frame.width, frame.height) or brightness_format(frame.format.name) != "gray":
        try:
            # The range that a camera claims for its colours plays no part: brightness stays as it was sent.
            frame = frame.reformat(
                width=width, height=height, format="gray", interpolation="AREA",
                src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.JPEG,
            )  # fmt: skip
        except av.FFmpegError:
            return None
    return Grey(_rows(frame.planes[0], width, height), width, height, key)


def _rows(plane: VideoPlane, width: int, height: int) -> bytes:
    stride = plane.line_size
    view = memoryview(plane)
    if stride == width:
        return bytes(view[: width * height])
    return b"".join(view[at : at + width] for at in range(0, stride * height, stride))
