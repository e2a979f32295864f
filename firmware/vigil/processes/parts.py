"""The parts of guard's judgement on this box, each made from the configuration."""

from __future__ import annotations

from collections.abc import Callable

from vigil.config.model import Config
from vigil.config.rule_checks import known_of
from vigil.guard.deeds import Part
from vigil.guard.panel import Presses
from vigil.guard.privacy import Privacy
from vigil.guard.rule_state import World
from vigil.guard.rules import SUBJECT as RULES
from vigil.guard.rules import Rules
from vigil.guard.sensors import Sensors
from vigil.processes.sensing import local_time


def parts_of(config: Config, *, now_us: int, kept: Callable[[str], object]) -> list[Part]:
    """
    Return the parts in the order in which they hear and look; arming is not among them, it answers to all.

    `now_us` is the steady time, `kept` gives what a part kept of its subject at an earlier start.
    """
    private = {camera.id: camera.private for camera in config.cameras}
    world = World(config.location, local_time, known_of(config.sensors, config.cameras))
    return [
        Presses(config.button),
        Privacy(private),
        Sensors(config.sensors, now_us),
        Rules(config.rules, world, kept(RULES) if config.rules else None),
    ]
