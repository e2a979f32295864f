"""
Asking systemd for a shutdown: guard may leave a note, where nobody else may write, and nothing else.

`vigil-power-off.path` waits for the note; docs/design/power.md has what follows.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
NOTE = "power-off"
KILL_POWER = "kill-power"
ONLY_OFF = "off"


class PowerOffDoor:
    """Leaves the note. Without a directory this is no box of ours, and nothing is switched off."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    @classmethod
    def of_this_process(cls) -> PowerOffDoor:
        """Return the door that systemd made for this unit (`RuntimeDirectory=`), if any did."""
        found = os.environ.get("RUNTIME_DIRECTORY")
        return cls(Path(found) if found else None)

    def ask(self, *, kill_power: bool) -> str:
        """Ask for it; return what keeps the box from being switched off, or nothing."""
        if self._directory is None:
            return "this host is not switched off by Vigil: do it before the battery is empty"
        note = self._directory / NOTE
        try:
            # Whole or not at all: whoever waits for it reads it at once.
            part = note.with_suffix(".part")
            part.write_text(f"{KILL_POWER if kill_power else ONLY_OFF}\n", encoding="ascii")
            part.rename(note)
        except OSError as error:
            return f"the system cannot be asked to switch the box off: {error}"
        log.warning(
            "the system is asked to switch the box off%s", " and the UPS to cut the power" if kill_power else ""
        )
        return ""
