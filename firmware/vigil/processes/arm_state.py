"""The arm state on the disk: what is left of it at a start, from its file or from the journal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from vigil.clock.kernel import boot_id
from vigil.config.model import Config
from vigil.errors import VigilError
from vigil.guard.arm_memory import Found, resumed
from vigil.guard.arm_table import Delays
from vigil.guard.arming import SUBJECT, Arming
from vigil.guard.moment import Moment
from vigil.processes.place import Place
from vigil.store.disk import Disk

log = logging.getLogger(__name__)


class Newest(Protocol):
    """Asks the journal for the newest entry of some kinds: its fields, and its `kind`."""

    def __call__(self, *kinds: str) -> Mapping[str, Any] | None: ...


def found_of(disk: Disk, place: Place, newest: Newest | None) -> Found:
    """Return what is left of earlier; `newest` is None where the journal cannot be asked."""
    path = place.state_file(SUBJECT)
    try:
        kept = (disk.read_unless_lost(path) or b"") if path.exists() else None
    except (VigilError, OSError) as error:
        log.error("the arm state cannot be read: %s", error)
        kept = b""
    if newest is None:
        # A box without any journal is new.
        return Found(kept=kept, journaled=None if place.journal.exists() else "")
    try:
        entry = newest("arm.changed")
    except (VigilError, OSError) as error:
        log.error("the journal cannot be asked for the arm state: %s", error)
        return Found(kept=kept, journaled=None)
    return Found(kept=kept, journaled=str(entry.get("after", "?")) if entry else "")


def arming_of(config: Config, found: Found, now: Moment) -> tuple[Arming, str]:
    """Return arming as it goes on after a start, and what must be said about it."""
    arm = config.arm
    delays = Delays(
        exit_us=arm.exit_delay_s * 1_000_000, entry_us=arm.entry_delay_s * 1_000_000,
        trigger_us=arm.trigger_s * 1_000_000,
    )  # fmt: skip
    boot = boot_id()
    standing, complaint = resumed(found, delays, boot=boot, now_us=now.steady_us)
    return Arming(standing, delays, siren_s=min(arm.siren_s, arm.trigger_s), boot=boot), complaint
