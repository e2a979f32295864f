"""What parts of guard's judgement keep, durably, and have again at a later start."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

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


def written_state(disk: Disk, place: Place, subject: str, state: Mapping[str, Any]) -> str:
    """Keep a subject's state; return why that failed, nothing once it is durable."""
    path = place.state_file(subject)
    try:
        disk.make_directory(path.parent)
        disk.replace(path, (json.dumps(dict(state), sort_keys=True) + "\n").encode())
    except (VigilError, OSError) as error:
        return str(error)
    return ""
