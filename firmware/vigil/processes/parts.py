"""The parts of guard's judgement on this box, each made from the configuration and what was kept of it."""

from __future__ import annotations

import logging

from vigil.config.model import Config
from vigil.config.rule_checks import known_of
from vigil.errors import FormatError
from vigil.guard.card_wear import SUBJECT as WEAR
from vigil.guard.card_wear import CardWear, Worn
from vigil.guard.deeds import Part
from vigil.guard.hotplug import SUBJECT as DEVICES
from vigil.guard.hotplug import Hotplug
from vigil.guard.panel import Presses
from vigil.guard.power import Power
from vigil.guard.presence import SUBJECT as PRESENCE
from vigil.guard.presence import Home
from vigil.guard.privacy import Privacy
from vigil.guard.rule_state import World
from vigil.guard.rules import SUBJECT as RULES
from vigil.guard.rules import Rules
from vigil.guard.sensors import Sensors
from vigil.guard.sticks import Sticks
from vigil.processes.kept import kept_of
from vigil.processes.place import Place
from vigil.processes.sensing import local_time
from vigil.store.disk import Disk

log = logging.getLogger(__name__)


def parts_of(config: Config, disk: Disk, place: Place, *, now_us: int) -> list[Part]:
    """
    Return the parts in the order in which they hear and look; arming is not among them, it answers to all.

    `now_us` is the steady time.
    """
    private = {camera.id: camera.private for camera in config.cameras}
    world = World(config.location, local_time, known_of(config.sensors, config.cameras))
    parts: list[Part] = [Presses(config.button), Privacy(private)]
    parts.append(CardWear(worn_of(disk, place), endurance_tbw=config.storage.card_endurance_tbw))
    if config.ups.enabled:
        parts.append(Power(config.ups))
    parts.append(Sensors(config.sensors, now_us))
    if config.presence.enabled and config.members:
        parts.append(Home(config.presence, config.members, kept_of(disk, place, PRESENCE), now_us))
    parts.append(Hotplug(kept_of(disk, place, DEVICES)))
    parts.append(Sticks(claimed=bool(config.owner.recipients)))
    # Last: rules judge by what the others have made of it.
    parts.append(Rules(config.rules, world, kept_of(disk, place, RULES) if config.rules else None))
    return parts


def worn_of(disk: Disk, place: Place) -> Worn:
    """Return what was noted of the card; where that is lost, it is counted from now on, and the log says so."""
    kept = kept_of(disk, place, WEAR)
    try:
        return Worn() if kept is None else Worn.restored(kept)
    except FormatError as error:
        log.warning("what was written to the card is counted anew: %s", error)
        return Worn()
