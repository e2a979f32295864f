"""
What the system's own commands have to tell the journal: one small file each, which guard enters and then removes.

They run when guard may be away (before a restart, on a trial that cannot record), so they do not talk to it. A cut
between entering and removing enters it twice, never not at all.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.errors import StoreError, VigilError
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_MOST = 64
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Telling:
    """One event as it was left: the file, the kind of entry, and its fields."""

    path: Path
    kind: str
    fields: Mapping[str, Any]


def tell(disk: Disk, directory: Path, kind: str, fields: Mapping[str, str | int | bool], *, at_us: int) -> None:
    """Leave an event for the journal, durably; where that fails the log has it. `at_us` keeps them in order."""
    words = {name: value[:300] if isinstance(value, str) else value for name, value in fields.items()}
    log.info("%s %s", kind, words)
    try:
        disk.make_directory(directory)
        while (path := directory / f"{at_us:020d}.json").exists():
            at_us += 1
        disk.replace(path, json.dumps({"kind": kind, **words}).encode())
    except (StoreError, OSError) as error:
        log.error("the journal will not have it: %s", error)


def left(disk: Disk, directory: Path) -> Iterator[Telling]:
    """Give what was left, oldest first. Only root and this process's own user may tell; other files are removed."""
    with suppress(OSError):
        names = sorted(entry.name for entry in os.scandir(directory) if entry.name.endswith(".json"))
        for path in (directory / name for name in names[:_MOST]):
            try:
                if (
                    path.stat(follow_symlinks=False).st_uid not in (0, os.geteuid())
                    or path.stat().st_size > _MOST_BYTES
                ):
                    raise ValueError("it is not ours")
                fields = json.loads(disk.read_bytes(path))
                yield Telling(path, str(fields.pop("kind")), fields)
            except (VigilError, OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
                log.warning("%s was left for the journal and is not entered: %s", path.name, error)
                remove(disk, path)


def remove(disk: Disk, path: Path) -> None:
    """It is entered."""
    with suppress(StoreError):
        disk.unlink(path)
