"""Throws bytes at the reader of age files: `python fuzz_age.py CORPUS`, with atheris (libFuzzer) installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.errors import SealError
    from vigil.segments.age import Identity, open_bytes, read_header

OWNER = Identity(bytes(range(32)))


def one(data: bytes) -> None:
    """Read a header, and what it leads to. Only a `SealError` may be raised."""
    with contextlib.suppress(SealError):
        header = read_header(data)
        assert header.size <= len(data)
        open_bytes(data, [OWNER])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
