"""
Keeping the log of this boot on the state partition: every quarter of an hour, and when the box is switched off.

On trial every half minute: a system that dies of an update must leave behind what it said.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

from vigil.errors import StoreError
from vigil.store.disk import Disk
from vigil.upkeep.boot_log import MOST_BYTES, name_of, next_number, share, surplus

log = logging.getLogger(__name__)
EVERY_US = 900 * 1_000_000
TRIAL_EVERY_US = 30 * 1_000_000

# What is of note since it was asked last, in the words of `journalctl`.
_JOURNALCTL = (
    *("journalctl", "--boot", "--quiet", "--no-pager", "--output=short-iso", "--priority=notice"),
    "--cursor-file=/run/vigil-log.cursor",
)
_LIMIT_S = 30


def new_lines() -> bytes:
    """Return what was logged since the last time. Raises `OSError` or `SubprocessError`."""
    return subprocess.run(_JOURNALCTL, check=True, capture_output=True, timeout=_LIMIT_S).stdout


class BootLog:
    """The file of this boot; made when there is something to keep."""

    def __init__(self, disk: Disk, directory: Path, *, lines: Callable[[], bytes] = new_lines) -> None:
        self._disk = disk
        self._directory = directory
        self._lines = lines
        self._path: Path | None = None
        self._full = False
        self._waiting = b""

    def keep(self) -> None:
        """Append what was logged since the last time. Raises nothing: a log that cannot be kept is only told once."""
        if self._full:
            return
        try:
            self._waiting = (self._waiting + self._lines())[:MOST_BYTES]
            if self._waiting:
                self._append()
        except (StoreError, OSError, subprocess.SubprocessError) as error:
            log.info("the log of this boot is not kept for now: %s", error)

    def _append(self) -> None:
        if self._path is None:
            self._disk.make_directory(self._directory)
            names = [entry.name for entry in self._directory.iterdir()]
            for name in surplus(names):
                self._disk.unlink(self._directory / name)
            self._path = self._directory / name_of(next_number(names))
        with self._disk.append(self._path) as file:
            goes = share(file.size(), self._waiting)
            file.append(goes.data)
            file.sync()
        self._waiting, self._full = b"", goes.full
