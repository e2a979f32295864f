"""Packets without pictures, for tests that care only about their order and time."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.frames.packet import AudioCodec, Packet, VideoCodec

SPS = bytes.fromhex("67f40016919680a02ff89c0440000003004000000503c58ba8")
"""As x264 writes it for 640 by 360 at ten pictures a second."""
H264 = VideoCodec("h264", 640, 360, (SPS, bytes.fromhex("68ce0f1920")))
AAC = AudioCodec(16_000, 1, b"\x14\x08")


def picture(at_us: int, *, key: bool = False, size_bytes: int = 1) -> Packet:
    """Return a picture that arrived at `at_us`."""
    ticks = at_us * 9 // 100
    return Packet(bytes(size_bytes), ticks, ticks, at_us, key, H264)


def sound(at_us: int, *, size_bytes: int = 1) -> Packet:
    """Return a slice of sound that arrived at `at_us` (every slice of sound can be decoded alone)."""
    ticks = at_us * 9 // 100
    return Packet(bytes(size_bytes), ticks, ticks, at_us, True, AAC, True)


def stream(
    *, seconds: float, fps: float = 10.0, keyframe_every: int = 20, start_us: int = 0, size_bytes: int = 1
) -> Iterator[Packet]:
    """Yield a steady stream of pictures that begins with a keyframe."""
    for n in range(round(seconds * fps)):
        yield picture(start_us + round(n * 1e6 / fps), key=n % keyframe_every == 0, size_bytes=size_bytes)
