"""Throws bytes at the readers of what a camera sends: `python fuzz_stream.py CORPUS`, with atheris installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.errors import FormatError
    from vigil.frames.aac import audio_codec
    from vigil.frames.decoder_config import avcc, hvcc, read_avcc, read_hvcc, video_codec
    from vigil.frames.nal import AnnexBReader


def one(data: bytes) -> None:
    """Pictures, parameter sets and descriptions of sound. Only a `FormatError` may be raised."""
    for name, describe in (("h264", avcc), ("h265", hvcc)):
        for attempt in ("access_unit", "lengths"):
            with contextlib.suppress(FormatError):
                _, _, codec = getattr(AnnexBReader(name), attempt)(data)
                if codec:
                    assert codec.width > 0 and codec.height > 0
                    describe(codec)
        with contextlib.suppress(FormatError):
            _, sets = (read_avcc if name == "h264" else read_hvcc)(data)
            describe(video_codec(name, sets))
    with contextlib.suppress(FormatError):
        assert audio_codec(data).sample_rate > 0


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
