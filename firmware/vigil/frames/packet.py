"""One encoded picture (or a slice of sound), as every camera hands it over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TICKS_PER_S = 90_000
"""Media time is counted in 90 kHz ticks, the clock of RTP and MPEG (RFC 3551)."""


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """
    What a decoder must know before the first picture.

    `name` is ``h264`` or ``h265``; `parameter_sets` are raw NAL units without
    start code or length: SPS and PPS for H.264, VPS, SPS and PPS for H.265,
    in that order. A change of any field starts a new segment.
    """

    name: str
    width: int
    height: int
    parameter_sets: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AudioCodec:
    """AAC: `config` is the AudioSpecificConfig of ISO/IEC 14496-3."""

    sample_rate: int
    channels: int
    config: bytes = field(repr=False)
    name: str = "aac"


@dataclass(frozen=True, slots=True)
class Packet:
    """
    One access unit.

    `data` for video: NAL units, each behind its length in four big-endian
    bytes, without parameter sets and access unit delimiters. For audio: one
    raw AAC frame (no ADTS header).
    `pts` and `dts` are 90 kHz ticks on a clock of the camera's own that only
    goes forward (dts strictly) while the stream stays open. `at_us` is when
    we had it whole, on our steady clock.
    """

    data: bytes
    pts: int
    dts: int
    at_us: int
    key: bool
    codec: VideoCodec | AudioCodec
    audio: bool = False


@dataclass(frozen=True, slots=True)
class Luma:
    """
    One small grey picture for motion.

    `grey` has ``height * width`` bytes, row after row, 0 black to 255 white;
    anything with the buffer protocol (bytes, or a contiguous uint8 array),
    which typing can name from Python 3.12 on.
    `key` says that it was decoded from a keyframe alone.
    """

    grey: Any
    width: int
    height: int
    at_us: int
    key: bool = False
