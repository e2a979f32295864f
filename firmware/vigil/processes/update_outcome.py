"""What became of the last update: judged at each start, noted when a trial ends, told to journal and owner."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from vigil.errors import StoreError
from vigil.processes.update import Records
from vigil.upkeep.slots import Slot, SlotState
from vigil.upkeep.update_record import Outcome, Phase, Record, at_start, confirmed

log = logging.getLogger(__name__)


class Outcomes:
    """The record of the last update, as `vigil-confirm` sees it. A state partition that is away changes nothing."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.record = Record()

    def begin(self, state: SlotState, running: Slot) -> None:
        """Judge at the start."""
        self._take(at_start(self._records.read(), state, running))

    def confirmed(self, slot: Slot) -> None:
        """The slot that runs has proved itself and is committed."""
        if self.record.is_trial_of(slot):
            self._take(confirmed(self.record))

    def alone(self, slot: Slot) -> None:
        """The other slot has no tries left: it died three times, or was given up. The owner must know."""
        why = f"it does not start any more, so this box has one system, in slot {slot}, until the next update"
        log.error("slot %s: %s", slot.other, why)
        self._records.tell("slot.spent", {"slot": slot.other, "why": why})

    def given_up(self, slot: Slot, reasons: Sequence[str]) -> None:
        """The slot that runs has not proved itself, and will not be started again."""
        if self.record.is_trial_of(slot):
            why = f"it ran, but did not prove itself: {'; '.join(reasons)}"
            self._take(Outcome(record=replace(self.record, phase=Phase.FAILED, why=why), event="update.failed"))

    def _take(self, outcome: Outcome) -> None:
        before, self.record = self.record, outcome.record
        if not outcome.event and outcome.record in (before, self._records.read()):
            return
        try:
            self._records.keep(outcome.record, outcome.event)
        except (StoreError, OSError) as error:
            log.error("what became of the update to %s is not noted: %s", outcome.record.version, error)
