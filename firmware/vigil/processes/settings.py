"""The configuration a process goes on with, whatever state the files are in."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from vigil.clock.trust import Watch
from vigil.config.files import boot
from vigil.config.read import Salvage, TakenFrom, read_lenient
from vigil.errors import FormatError, SealError, StoreFault
from vigil.processes.place import Place
from vigil.segments.age import Recipient
from vigil.segments.last_known import read_last_known
from vigil.store.disk import Disk
from vigil.store.layout import LAST_KNOWN

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration, where things lie, and who may open recordings."""

    salvage: Salvage
    place: Place
    recipients: tuple[Recipient, ...]


def load(data: Path, disk: Disk) -> Settings:
    """
    Read the configuration as a booting recorder does: never refuse.

    Where neither a file nor what was last applied can be used, what the video
    store knows stands in (`last-known`, docs/spec/store.md).
    """
    place = Place(data)

    def write(path: Path, content: bytes) -> None:
        disk.make_directory(path.parent)
        disk.replace(path, content)

    salvage = boot(place.config_files, disk.read_bytes, write)
    if salvage.taken_from is TakenFrom.DEFAULT:
        salvage = _from_the_store(salvage, disk, place)
    for fault in salvage.faults:
        log.warning("configuration: %s", fault)
    place = Place(data, salvage.config.storage.video_dir)
    recipients = tuple(Recipient.parse(text) for text in salvage.config.owner.recipients)
    return Settings(salvage, place, recipients)


def load_watch(disk: Disk, place: Place, *, built_us: int, newest_us: int | None = None) -> Watch:
    """Return what is known of the clock from earlier runs."""
    try:
        return Watch.restored(json.loads(disk.read_bytes(place.clock_trust)), built_us=built_us)
    except (StoreFault, FormatError, ValueError, AttributeError, TypeError):
        return Watch.new(built_us=built_us, newest_us=newest_us)


def _from_the_store(salvage: Salvage, disk: Disk, place: Place) -> Salvage:
    try:
        known = read_last_known(disk.read_bytes(place.video / LAST_KNOWN))
    except (StoreFault, SealError):
        return salvage
    found = read_lenient(known.config.encode(), None)
    told = f"there is no configuration; used instead: what the video store last knew (device {known.device})"
    return replace(found, faults=(told, *found.faults))
