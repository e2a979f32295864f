"""Guard's diary over a store of one camera, for tests of what gets into the journal."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.processes.diary import Diary
from vigil.processes.place import Place
from vigil.segments.note import NoteSigner
from vigil.segments.session import Session, certify, device_id, identity_name
from vigil.store.disk import Disk
from vigil.store.journal_read import read_logs


def box(data: Path) -> Place:
    """A data directory with room for the state."""
    (data / "state").mkdir(parents=True)
    return Place(data)


def identity(seed: int = 0) -> NoteSigner:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return NoteSigner(identity_name(device_id(private.public_key().public_bytes_raw())), private)


def diary(place: Place, clock: HandClock, *, signed_by: NoteSigner | None = None, disk: Disk | None = None) -> Diary:
    session, signer = Session(os.urandom), signed_by or identity()
    session.certificate = certify(
        signer, public=session.public, peer="guard", boot="boot", root="none", at_us=clock.wall_us(), clock="synced"
    )
    return Diary(
        place,
        disk or Disk(),
        clock,
        session=session,
        identity=identity().key,
        checkpoint_s=60,
        trust="synced",
        config=Config(),
    )


def kinds(place: Place, log: int = -1) -> list[str]:
    return [entry.kind for entry in read_logs(place.journal)[log].entries()]


def record(video: Path, clock: HandClock, numbers: range):
    made, _ = recording(video, clock=clock)
    made.begin("continuous", [numbered(numbers[0], clock.steady_us())])
    feed(made, clock, numbers[1:])
    return made


def deleted_journal(place: Place) -> None:
    for path in sorted(place.journal.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
