"""Guard's watch over the clock: looked at every second, kept over restarts."""

from __future__ import annotations

import json
import logging

import vigil
from vigil.clock import Clock
from vigil.clock.kernel import look, synchronised
from vigil.clock.trust import Step, Trust
from vigil.errors import StoreError
from vigil.processes.place import Place
from vigil.processes.settings import load_watch
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_SAVE_US = 600 * 1_000_000


class Timekeeper:
    """How far the time may be believed, now."""

    def __init__(self, disk: Disk, place: Place, clock: Clock, *, boot: str) -> None:
        self._disk = disk
        self._place = place
        self._clock = clock
        self._boot = boot
        self._watch = load_watch(disk, place, built_us=vigil.BUILT_US)
        self._saved_us = clock.steady_us()

    @property
    def trust(self) -> Trust:
        """The label for statements of now."""
        return self._watch.trust

    @property
    def days_count(self) -> bool:
        """Whether the clock may decide what is too old."""
        return self._watch.days_count

    @property
    def complaint(self) -> str:
        """What the owner should do about the clock; nothing where all is well."""
        if not self._watch.confirm:
            return ""
        return "the clock jumped by more than an hour: nothing is deleted by age until you run `vigil confirm-time`"

    def confirm(self) -> None:
        """Somebody says that the time is right."""
        self.look()
        self._watch = self._watch.confirmed()
        self.save()

    def look(self) -> Step | None:
        """Look at both hands; return the step they show."""
        self._watch, step = self._watch.after(look(self._clock, boot=self._boot, synced=synchronised()))
        now_us = self._clock.steady_us()
        if step or now_us - self._saved_us > _SAVE_US:
            self._saved_us = now_us
            self.save()
        return step

    def save(self) -> None:
        """Keep what is known; that it cannot be kept is told, and no reason to stop."""
        try:
            self._disk.make_directory(self._place.clock_trust.parent)
            self._disk.replace(self._place.clock_trust, json.dumps(self._watch.saved()).encode())
        except StoreError as error:
            log.warning("what is known of the clock could not be kept: %s", error)
