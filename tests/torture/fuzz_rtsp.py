"""Throws bytes at the client of network cameras: `python fuzz_rtsp.py CORPUS`, with atheris installed."""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["vigil"]):
    from vigil.cameras.rtsp_auth import Credentials, split_address
    from vigil.cameras.rtsp_dialogue import Dialogue, Moved
    from vigil.cameras.rtsp_wire import Wire
    from vigil.errors import CameraLost, FormatError


def one(data: bytes) -> None:
    """What a camera says to our questions, in pieces. Only what the client's callers expect may be raised."""
    wire = Wire()
    talk = Dialogue(
        "rtsp://10.0.0.5/live", Credentials("joe", "sesame"), called="the camera", audio=True, random_bytes=bytes
    )
    step = data[0] + 1 if data else 1
    with contextlib.suppress(FormatError, CameraLost, Moved):
        asked = [talk.begin()]
        for begin in range(1, len(data), step):
            piece = data[begin : begin + step]
            wire.room()[: len(piece)] = piece
            asked += [talk.hear(message) for message in wire.received(len(piece))[1]]
        asked += [talk.hear(message) for message in wire.settle()[1]]
        asked += [talk.sign_of_life(), talk.end()]
        assert not any(b"sesame" in words for words in asked if b"Authorization: Basic" not in words)
    with contextlib.suppress(ValueError):
        split_address(data.decode("latin-1"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
