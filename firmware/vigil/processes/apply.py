"""Applying the configuration to the system: its name, its network, and a recorder for each camera."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

from vigil.processes.settings import load
from vigil.store.disk import Disk
from vigil.upkeep.host import RECORDERS, changes

log = logging.getLogger(__name__)
_LIMIT_S = 30


def running_recorders() -> set[str]:
    """Return the units of recorders that systemd runs, or tries to."""
    done = _systemctl("list-units", "--plain", "--no-legend", "--all", f"{RECORDERS}*")
    return {words[0] for line in done.splitlines() if (words := line.split()) and "dead" not in words[3:4]}


def apply(data: Path, disk: Disk) -> None:
    """Bring the system to what the configuration says."""
    config = load(data, disk).salvage.config
    due = changes(config, running_recorders())
    for unit in due.stop:
        _systemctl("stop", "--no-block", unit)
    for unit in due.start:
        _systemctl("start", "--no-block", unit)
    log.info("applied", extra={"started": ",".join(due.start) or "-", "stopped": ",".join(due.stop) or "-"})


def _systemctl(*arguments: str) -> str:
    done = subprocess.run(["systemctl", *arguments], check=True, timeout=_LIMIT_S, capture_output=True, text=True)
    return done.stdout


def main(data: Path) -> int:
    """Apply the configuration as it is."""
    apply(data, Disk())
    return 0
