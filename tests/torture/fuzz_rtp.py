"""Throws bytes at the readers of what a network camera sends: `python fuzz_rtp.py CORPUS`, with atheris installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.cameras.rtp_sound import SoundStream
    from vigil.cameras.rtp_stream import VideoStream
    from vigil.cameras.sdp import read_sdp
    from vigil.errors import FormatError, StreamRefused
    from vigil.frames.nal import split_lengths


def one(data: bytes) -> None:
    """A description, a zero byte, then packets behind channel and length, as they come over the connection."""
    text, _, rest = data.partition(b"\0")
    with contextlib.suppress(FormatError, StreamRefused):
        media = read_sdp(text, "rtsp://camera/").media
        video = VideoStream(media[0])
        sound = None
        with contextlib.suppress(FormatError, StreamRefused):
            sound = SoundStream(media[-1], video)
        last, at = -1, 0
        while at + 3 <= len(rest):
            begin = at + 3
            channel, at = rest[at], begin + int.from_bytes(rest[at + 1 : begin], "big")
            packet = memoryview(rest)[begin:at]
            if channel % 4 == 0:
                for picture in video.push(packet, begin):
                    assert split_lengths(picture.data)
                    assert last < picture.dts <= picture.pts
                    last = picture.dts
            elif channel % 4 == 1:
                video.control(packet, begin)
            elif sound is not None:
                (sound.push if channel % 4 == 2 else sound.control)(packet, begin)
        video.end()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
