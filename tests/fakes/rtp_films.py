"""The small films as a camera sends them over RTP."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from fakes.mp4_sources import packets_of, pictures
from fakes.rtp_packets import PAYLOAD_TYPE, Sender, h264_fragments, h265_fragments
from vigil.cameras.rtp_stream import VideoStream
from vigil.cameras.sdp import Media
from vigil.frames.nal import split_lengths
from vigil.frames.packet import Packet, VideoCodec

GAP = 3600
"""Ticks from one picture of a film to the next."""

FRAGMENTS: dict[str, Callable[[bytes, Sequence[int]], list[bytes]]] = {"h264": h264_fragments, "h265": h265_fragments}


def codec_of(film: str) -> VideoCodec:
    """Return the codec of a film."""
    codec = pictures(packets_of(film))[0].codec
    assert isinstance(codec, VideoCodec)
    return codec


def described(codec: VideoCodec) -> Media:
    """Return what a camera says that announces its parameter sets."""
    sets = [base64.b64encode(unit).decode() for unit in codec.parameter_sets]
    if codec.name == "h264":
        return media("H264", {"sprop-parameter-sets": ",".join(sets)})
    return media("H265", dict(zip(("sprop-vps", "sprop-sps", "sprop-pps"), sets, strict=True)))


def media(encoding: str, fmtp: dict[str, str]) -> Media:
    """Return a stream of pictures on offer."""
    return Media("video", encoding, 90_000, 1, PAYLOAD_TYPE, fmtp, "rtsp://camera/video")


def opened(film: str = "plain") -> VideoStream:
    """Return a stream that knows the parameter sets of a film."""
    return VideoStream(described(codec_of(film)))


def units_of(film: str = "plain") -> list[list[bytes]]:
    """Return the units of each picture of a film."""
    return [split_lengths(picture.data) for picture in pictures(packets_of(film))]


def units_in(got: Sequence[Packet]) -> list[list[bytes]]:
    """Return the units of each picture that came."""
    return [split_lengths(picture.data) for picture in got]


def sent(
    units: Sequence[Sequence[bytes]], sender: Sender, *, name: str = "h264", marked: str = "last", first: int = 0
) -> list[bytes]:
    """Return the packets of pictures at an even pace: what is longer than 500 bytes in fragments, as a camera does."""
    packets = []
    for at, picture in enumerate(units):
        payloads = []
        for unit in picture:
            payloads += FRAGMENTS[name](unit, range(500, len(unit), 500)) if len(unit) > 500 else [unit]
        packets += sender.picture(payloads, first + at * GAP, marked=marked)
    return packets


def pushed(stream: VideoStream, packets: Sequence[bytes]) -> list[Packet]:
    """Return the pictures that packets completed, one packet a microsecond."""
    return [picture for at, packet in enumerate(packets) for picture in stream.push(packet, at)]
