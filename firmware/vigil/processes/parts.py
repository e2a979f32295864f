"""The parts of guard's judgement on this box, each made from the configuration."""

from __future__ import annotations

from vigil.config.model import Config
from vigil.guard.deeds import Part
from vigil.guard.panel import Presses
from vigil.guard.privacy import Privacy


def parts_of(config: Config) -> list[Part]:
    """Return the parts in the order in which they hear and look; arming is not among them, it answers to all."""
    private = {camera.id: camera.private for camera in config.cameras}
    return [Presses(config.button), Privacy(private)]
