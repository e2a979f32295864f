"""Both decoders of grey pictures, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from vigil.cameras.decoder import FFMPEG_NAMES, Decoder
from vigil.cameras.decoder_libavcodec import LibavcodecDecoder
from vigil.cameras.decoder_pyav import PyAvDecoder
from vigil.cameras.grey import Grey
from vigil.cameras.libavcodec import library
from vigil.frames.decoder_config import avcc, hvcc
from vigil.frames.nal import join_annexb, split_lengths
from vigil.frames.packet import Packet, VideoCodec


def alone(codec: str, extradata: bytes) -> Decoder:
    """libavcodec without PyAV; skips where PyAV was built against the system's."""
    if (found := library()) is None:
        pytest.skip("PyAV brings no libavcodec of a known version here")
    return LibavcodecDecoder(found, FFMPEG_NAMES[codec], extradata)


def through_pyav(codec: str, extradata: bytes) -> Decoder:
    """PyAV, whatever it was built against."""
    return PyAvDecoder(FFMPEG_NAMES[codec], extradata)


DECODERS: dict[str, Callable[[str, bytes], Decoder]] = {"libavcodec": alone, "PyAV": through_pyav}


def record(codec: VideoCodec) -> bytes:
    """What says that units stand behind their lengths."""
    return (avcc if codec.name == "h264" else hvcc)(codec)


def seen(decoder: Decoder, data: Iterable[bytes], *, at_most: int = 640) -> list[Grey | None]:
    """What a decoder shows after each access unit; None where no picture was complete."""
    return [decoder.grey(at_most) if decoder.decode(unit) else None for unit in data]


def behind_start_codes(picture: Packet) -> bytes:
    """A picture with its parameter sets, as it stands in a byte stream."""
    assert isinstance(picture.codec, VideoCodec)
    return join_annexb((*picture.codec.parameter_sets, *split_lengths(picture.data)))
