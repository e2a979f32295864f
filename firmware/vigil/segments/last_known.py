"""
What a recorder needs when the state is away, kept signed beside the recordings.

A note by the session of guard: who the device is, the session's certificate,
the configuration and the newest checkpoint. It is read before anybody can be
asked who signed it, so it is trusted no more than the disk it lies on; the
signature is for whoever investigates later.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.segments import canonical
from vigil.segments.age import b64
from vigil.segments.note import sign_note, split_note
from vigil.segments.session import Session, identity_name

_HEADING = "vigil last known"
_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LastKnown:
    """`config` is the configuration file's text; `checkpoint` a signed note, or empty."""

    device: str
    config: str
    checkpoint: str
    certificate: str


def write_last_known(known: LastKnown, session: Session) -> bytes:
    """Return the signed file."""
    body = canonical.encode(
        {
            "device": known.device,
            "config": known.config,
            "checkpoint": known.checkpoint,
            "certificate": known.certificate,
            "key": b64(session.public),
        }
    )
    text = f"{_HEADING}\n{base64.b64encode(body).decode()}\n"
    return sign_note(text, session.note_signer(identity_name(known.device))).encode()


def read_last_known(data: bytes) -> LastKnown:
    """Read the file without judging who signed it. Raises `FormatError`."""
    try:
        text, _ = split_note(data.decode())
        heading, body, _ = text.split("\n")
        read = canonical.decode(base64.b64decode(body, validate=True), limit_bytes=_LIMIT_BYTES)
    except ValueError as error:
        raise FormatError("what the store last knew cannot be read") from error
    names = ("device", "config", "checkpoint", "certificate")
    if heading != _HEADING or not isinstance(read, dict) or not all(isinstance(read.get(n), str) for n in names):
        raise FormatError("what the store last knew is not what it must be")
    return LastKnown(*(read[name] for name in names))
