"""Throws bytes at the readers of statements, notes and checkpoints: `python fuzz_note.py CORPUS`, with atheris."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.errors import SealError
    from vigil.segments import canonical
    from vigil.segments.checkpoint import peek_checkpoint
    from vigil.segments.note import NoteKey, split_note
    from vigil.segments.session import open_certificate

IDENTITY = NoteKey("vigil/0", bytes(32))


def one(data: bytes) -> None:
    """What is read must be what would be written; only a `SealError` may be raised."""
    with contextlib.suppress(SealError):
        assert canonical.encode(canonical.decode(data)) == data
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(SealError):
        split_note(text)
        assert peek_checkpoint(text).text() == split_note(text)[0]
    with contextlib.suppress(SealError):
        open_certificate(text, IDENTITY)
    with contextlib.suppress(SealError):
        assert NoteKey.parse(text).text() == text


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
