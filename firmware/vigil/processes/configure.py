"""Changing the configuration of a running box: tried, and taken back where the box does not record with it."""

from __future__ import annotations

from pathlib import Path

from vigil.clock import SystemClock
from vigil.processes.apply import Host
from vigil.processes.config_trial import change
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.store.disk import Disk


def main(data: Path, file: Path) -> int:
    """Use the configuration in `file`; the exit code is 1 where it did not work and the one before is back."""
    disk, host = Disk(), Host()
    stays = change(
        Place(data).config_files.owners,
        disk.read_bytes(file),
        disk,
        SystemClock(),
        apply=lambda: host.apply(load(data, disk).salvage.config),
        is_well=host.is_well,
    )
    print("The new configuration is in use." if stays else "The box does not record with it; the one before is back.")
    return 0 if stays else 1
