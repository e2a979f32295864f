"""What a part of guard's judgement kept at an earlier start, as the disk still has it."""

from __future__ import annotations

import json
import logging

from vigil.errors import VigilError
from vigil.processes.place import Place
from vigil.store.disk import Disk

log = logging.getLogger(__name__)


def kept_of(disk: Disk, place: Place, subject: str) -> object:
    """Return what `Keep` was given for a subject, or None where there is nothing, or nothing that can be read."""
    path = place.state_file(subject)
    try:
        data = (disk.read_unless_lost(path) or b"") if path.exists() else None
        return None if data is None else json.loads(data)
    except (VigilError, OSError, ValueError, RecursionError) as error:
        log.warning("the memory of %s is lost, it begins anew: %s", subject, error)
        return None
