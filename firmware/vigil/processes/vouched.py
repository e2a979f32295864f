"""Guard's session key, and the identity that vouches for it as soon as the signer can be asked."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from vigil.errors import PeerError, SealError, StoreError, VigilError
from vigil.processes import signer
from vigil.processes.place import Place
from vigil.segments.age import b64
from vigil.segments.note import NoteKey
from vigil.segments.session import Session, device_id
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
IDENTITY_KEY = "identity.vkey"


class Vouched:
    """`session` signs at once; `identity` is whose it is: told by the signer, else what we knew before, else None."""

    def __init__(self, place: Place, disk: Disk) -> None:
        self.session = Session(os.urandom)
        self._place = place
        self._disk = disk
        self._identity: NoteKey | None = None

    @property
    def identity(self) -> NoteKey | None:
        """The identity's public key, None where nobody ever told."""
        if self._identity is None:
            try:
                self._identity = NoteKey.parse(self._disk.read_bytes(self._place.state / IDENTITY_KEY).decode().strip())
            except (VigilError, ValueError):
                return None
        return self._identity

    @property
    def certified(self) -> bool:
        """Whether the signer has vouched for our session."""
        return self.session.certificate is not None

    def ask(self, trust: str) -> str:
        """Let the signer certify our session; return why it did not, nothing where it did."""
        try:
            self._identity = signer.ask(self._place, self.session, "guard", trust)
        except PeerError as error:
            return str(error)
        self.publish(self._place.state / IDENTITY_KEY)
        return ""

    def certificate(self) -> dict[str, Any]:
        """Return what a journal entry says of our session: its certificate ties the checkpoints to the identity."""
        return {"session": b64(self.session.public), "cert": self.session.certificate}

    def publish(self, path: Path) -> None:
        """Put the identity where readers look for it; a disk that refuses is told, and tried again some day."""
        if self._identity is None:
            return
        text = (self._identity.text() + "\n").encode()
        try:
            # What the disk has lost is healed by writing it again.
            before = self._disk.read_unless_lost(path)
            if before == text:
                return
            self._disk.make_directory(path.parent)
            if before is not None:
                self._keep(path, before)
            self._disk.replace(path, text)
        except (StoreError, OSError) as error:
            log.warning("the identity could not be published: %s", error)

    def _keep(self, path: Path, before: bytes) -> None:
        """Where the box lost its identity, keep the one before: what it signed is proved by it alone."""
        try:
            device = device_id(NoteKey.parse(before.decode().strip()).public)
        except (SealError, ValueError):
            return
        self._disk.replace(path.with_name(f"{path.name}-{device}"), before)
        log.error("this box has another identity than it had: what it recorded before is verified with the one in %s",
                  f"{path.name}-{device}")  # fmt: skip
