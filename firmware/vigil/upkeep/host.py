"""From configuration to the files and units of the system: what should be there, decided here, put there elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vigil.config.model import Config

RECORDERS = "vigil-record@"


@dataclass(frozen=True, slots=True)
class Changes:
    """Units to start and to stop."""

    start: tuple[str, ...]
    stop: tuple[str, ...]


def recorder_of(camera: str) -> str:
    """Return the unit that records a camera."""
    return f"{RECORDERS}{camera}.service"


def changes(config: Config, running: Collection[str]) -> Changes:
    """Return which recorders to start and to stop, so that there is one for each camera that is enabled."""
    wanted = {recorder_of(camera.id) for camera in config.cameras if camera.enabled}
    ours = {unit for unit in running if unit.startswith(RECORDERS)}
    return Changes(tuple(sorted(wanted - ours)), tuple(sorted(ours - wanted)))
