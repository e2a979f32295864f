"""Throws bytes at what other processes and the disk may say: `python fuzz_hub.py CORPUS`, with atheris installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.clock import HandClock
    from vigil.errors import FormatError, SealError
    from vigil.processes.packets import decode, encode
    from vigil.processes.signer import answer
    from vigil.segments.last_known import read_last_known
    from vigil.segments.note import NoteSigner
    from vigil.segments.session import Session, device_id, identity_name

PRIVATE = Session(bytes)
IDENTITY = PRIVATE.note_signer(identity_name(device_id(PRIVATE.public)))
assert isinstance(IDENTITY, NoteSigner)


def one(data: bytes) -> None:
    """Messages of the hub, requests to the signer, and what the store last knew: read whole, or refused."""
    with contextlib.suppress(FormatError):
        message = decode(data)
        assert decode(encode(message)) == message
    with contextlib.suppress(FormatError):
        assert "cert" in answer(IDENTITY, data, clock=HandClock(), boot="boot", root="none")
    with contextlib.suppress(SealError):
        read_last_known(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
