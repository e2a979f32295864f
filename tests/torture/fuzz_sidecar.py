"""Throws bytes at the reader of sidecars: `python fuzz_sidecar.py CORPUS`, with atheris (libFuzzer) installed."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.segments.note import NoteKey
    from vigil.segments.verify import Bytes, check_segment
    from vigil.segments.verify_account import read_sidecar
    from vigil.segments.verify_chain import ChainCheck

IDENTITY = NoteKey("vigil/0", bytes(32))


def one(data: bytes) -> None:
    """Judge a sidecar beside a file that is full of it. Nothing may be raised."""
    account = read_sidecar(data, IDENTITY)
    file = Bytes(len(data), lambda at, size: data[at : at + size])
    finding = check_segment(account, file, None)
    ChainCheck().feed(1, account, finding)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
