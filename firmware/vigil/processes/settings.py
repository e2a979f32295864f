"""The configuration a process goes on with, whatever state the files are in."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from vigil.clock.trust import Watch
from vigil.config.files import boot
from vigil.config.read import Salvage, TakenFrom, read_strict
from vigil.errors import ConfigError, FormatError, SealError, StoreFault
from vigil.processes.place import Place
from vigil.segments.age import Recipient
from vigil.segments.last_known import LastKnown, read_last_known
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
    """Read the configuration as `found` does, and say in the log what is wrong with it."""
    settings = found(data, disk)
    for fault in settings.salvage.faults:
        log.warning("configuration: %s", fault)
    return settings


def found(data: Path, disk: Disk) -> Settings:
    """
    Read the configuration as a booting recorder does: never refuse.

    Where what was last applied is gone with the state, what the video store
    last knew (`last-known`, docs/spec/store.md) stands in for it.
    """
    place = Place(data)
    applied = place.config_files.applied
    known = None if _is_good(disk, applied) else _last_known(disk, place)

    def read(path: Path) -> bytes:
        return known.config.encode() if known and path == applied else disk.read_bytes(path)

    def write(path: Path, content: bytes) -> None:
        disk.make_directory(path.parent)
        disk.replace(path, content)

    salvage = boot(place.config_files, read, write)
    if known and salvage.taken_from is TakenFrom.LAST_APPLIED:
        told = f"that is from the video store, which knew it of device {known.device}"
        salvage = replace(salvage, faults=(*salvage.faults, told))
    place = Place(data, salvage.config.storage.video_dir)
    recipients = tuple(Recipient.parse(text) for text in salvage.config.owner.recipients)
    return Settings(salvage, place, recipients)


def load_watch(disk: Disk, place: Place, *, built_us: int, newest_us: int | None = None) -> Watch:
    """Return what is known of the clock from earlier runs."""
    try:
        return Watch.restored(json.loads(disk.read_bytes(place.clock_trust)), built_us=built_us)
    except (StoreFault, FormatError, ValueError, AttributeError, TypeError, RecursionError):
        return Watch.new(built_us=built_us, newest_us=newest_us)


def _is_good(disk: Disk, applied: Path) -> bool:
    try:
        read_strict(disk.read_bytes(applied))
    except (StoreFault, ConfigError):
        return False
    return True


def _last_known(disk: Disk, place: Place) -> LastKnown | None:
    """Return what the video store last knew. It is looked for where stores are while nobody says otherwise."""
    try:
        return read_last_known(disk.read_bytes(place.video / LAST_KNOWN))
    except (StoreFault, SealError):
        return None
