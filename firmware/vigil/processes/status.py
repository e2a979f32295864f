"""How a running box is, as guard tells whoever asks; None where there is no guard, or it says nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from vigil.errors import PeerError
from vigil.events import Health, Status, Watch
from vigil.processes.hub import HubClient
from vigil.processes.place import Place

WITHIN_S = 5.0
"""Guard speaks every second; one that has not for so long hangs."""


@dataclass(slots=True)
class Told:
    """What guard said, and what the recorders said through it, by camera."""

    health: Health | None = None
    cameras: dict[str, Status] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every camera that speaks has spoken."""
        if self.health is None:
            return False
        readings = [one for one in self.health.probes if str(one.get("id", "")).startswith("camera")]
        return all(one.get("subject") in self.cameras for one in readings if one.get("level") != "unknown")


def ask(place: Place, *, within_s: float = WITHIN_S) -> Told | None:
    """Listen to guard until it and every camera have spoken. Raises `PeerError` where we may not ask."""
    if place.hub.exists() and not os.access(place.hub, os.W_OK):
        raise PeerError(f"you may not ask guard at {place.hub}: ask as root, or as the user who runs Vigil")
    client, told = HubClient(place.hub, "cli"), Told()
    try:
        if not client.connect() or not client.send(Watch()):
            return None
        for message in client.listen(timeout_s=within_s):
            if isinstance(message, Health):
                told.health = message
            elif isinstance(message, Status):
                told.cameras[message.camera] = message
            if told.complete:
                break
    finally:
        client.close()
    return told if told.health else None
