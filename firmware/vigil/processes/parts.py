"""The parts of guard's judgement on this box, each made from the configuration."""

from __future__ import annotations

from vigil.config.model import Config
from vigil.config.rule_checks import known_of
from vigil.guard.deeds import Part
from vigil.guard.panel import Presses
from vigil.guard.privacy import Privacy
from vigil.guard.rule_state import World
from vigil.guard.rules import SUBJECT as RULES
from vigil.guard.rules import Rules
from vigil.guard.sensors import Sensors
from vigil.processes.kept import kept_of
from vigil.processes.place import Place
from vigil.processes.sensing import local_time
from vigil.store.disk import Disk


def parts_of(config: Config, disk: Disk, place: Place, *, now_us: int) -> list[Part]:
    """
    Return the parts in the order in which they hear and look; arming is not among them, it answers to all.

    `now_us` is the steady time.
    """
    private = {camera.id: camera.private for camera in config.cameras}
    world = World(config.location, local_time, known_of(config.sensors, config.cameras))
    return [
        Presses(config.button),
        Privacy(private),
        Sensors(config.sensors, now_us),
        Rules(config.rules, world, kept_of(disk, place, RULES) if config.rules else None),
    ]
