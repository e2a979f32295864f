"""Throws bytes at the readers of MP4: `python fuzz_mp4.py CORPUS`, with atheris (libFuzzer) installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.errors import FormatError, Truncated
    from vigil.segments.mp4_file import Mp4File
    from vigil.segments.mp4_read import read_fragments, read_init


def one(data: bytes) -> None:
    """Read a segment and a film. Only `FormatError` and `Truncated` may be raised, and nothing outside is read."""

    def read_at(offset: int, size: int) -> bytes:
        assert offset >= 0 and size >= 0
        return data[offset : offset + size]

    with contextlib.suppress(FormatError, Truncated):
        head = read_init(read_at)
        for fragment in read_fragments(read_at, head.movie, offset=head.end):
            for sample in fragment.video:
                assert 0 <= sample.offset <= sample.offset + sample.size <= len(data)
    with contextlib.suppress(FormatError, Truncated):
        for _ in Mp4File(read_at, len(data)).packets():
            pass


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
