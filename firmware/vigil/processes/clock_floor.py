"""A box without a battery for its clock starts in 1970: it goes on from the newest time that it has seen."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

import vigil
from vigil.clock import Clock
from vigil.errors import StoreError
from vigil.processes.place import Place
from vigil.processes.settings import load_watch
from vigil.store.disk import Disk
from vigil.store.layout import cameras_in, segments_of

log = logging.getLogger(__name__)


def floor_us(disk: Disk, place: Place) -> int:
    """Return the earliest that it can be now: built, last saved, or the beginning of the newest recording."""
    return load_watch(disk, place, built_us=vigil.BUILT_US, newest_us=newest_us(place.video)).start_us


def newest_us(video: Path) -> int | None:
    """Return when the newest segment of any camera began, by its name; None where there is none."""
    try:
        stems = [segments[-1].stem for camera in cameras_in(video) if (segments := segments_of(video / camera))]
        times = [datetime.strptime(stem.partition("-")[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for stem in stems]
    except (StoreError, ValueError):
        return None
    return max((round(at.timestamp()) * 1_000_000 for at in times), default=None)


def raise_clock(disk: Disk, place: Place, clock: Clock) -> bool:
    """Set the system's clock to the floor where it is below it; say whether it was. Raises `OSError`."""
    floor = floor_us(disk, place)
    if clock.wall_us() >= floor:
        return False
    time.clock_settime_ns(time.CLOCK_REALTIME, floor * 1000)
    log.warning("the clock was before anything that has been recorded; it goes on from there")
    return True
