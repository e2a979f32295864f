"""
What is known of the last update, and what has become of it: kept on p7 before each step, judged at the next start.

The slots say which system starts; only this says that an update was on its way when the power failed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from vigil.errors import FormatError
from vigil.upkeep.slots import Slot, SlotState


class Phase(StrEnum):
    """How far an update has come."""

    NONE = "none"
    INSTALLING = "installing"
    INSTALLED = "installed"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    `version` was to go into `slot`, from `before`; `why` says why it failed, or what its health lacks.

    `had_network`: the system before reached a network, so the new one must too.
    """

    phase: Phase = Phase.NONE
    version: str = ""
    before: str = ""
    slot: Slot | None = None
    source: str = ""
    had_network: bool = False
    why: str = ""

    def is_trial_of(self, slot: Slot | None) -> bool:
        """Say whether the system in `slot` is the one that has yet to prove itself."""
        return self.phase is Phase.INSTALLED and self.slot is not None and self.slot is slot

    @property
    def complaint(self) -> str:
        """What the owner must know of it as long as nothing better has happened."""
        return f"the update to {self.version}: {self.why}" if self.phase is Phase.FAILED else ""


def encode(record: Record) -> bytes:
    """The file."""
    return json.dumps(asdict(record), indent=1).encode() + b"\n"


def decode(data: bytes) -> Record:
    """Read the file; words that a later version added mean nothing. Raises `FormatError` for anything else."""
    try:
        said = json.loads(data)
        slot = said.get("slot")
        texts = {name: str(said.get(name, "")) for name in ("version", "before", "source", "why")}
        return Record(
            phase=Phase(said["phase"]),
            slot=Slot(slot) if slot else None,
            had_network=said.get("had_network") is True,
            **texts,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError("the record of the last update is damaged") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What has become of an update: the record as it is now, and the event to be told, if there is one."""

    record: Record
    event: str = ""


def at_start(record: Record, state: SlotState, running: Slot) -> Outcome:
    """Judge at a start from `running` what has become of the last update."""
    if record.phase not in (Phase.INSTALLING, Phase.INSTALLED) or record.slot is None:
        return Outcome(record=record)
    if state.trial is record.slot:
        # Activating it is the last thing that installing does, so it is whole, whether or not that was still noted.
        installed = replace(record, phase=Phase.INSTALLED)
        if running is record.slot:
            return Outcome(record=installed, event="update.trial")
        if state.left(record.slot):
            return Outcome(record=installed)
        return _failed(installed, "it was started three times and has not proved itself")
    if record.phase is Phase.INSTALLING:
        return _failed(record, "installing was cut short, and the system that ran goes on; install it again")
    if running is record.slot:
        # Confirmed, and the power failed before that was noted.
        return confirmed(record)
    return _failed(record, "it is not on trial any more: the slot files were damaged, or somebody chose another slot")


def confirmed(record: Record) -> Outcome:
    """The new system has proved itself."""
    return Outcome(record=replace(record, phase=Phase.CONFIRMED, why=""), event="update.confirmed")


def _failed(record: Record, why: str) -> Outcome:
    told = f"{why}: {record.why}" if record.why else why
    return Outcome(record=replace(record, phase=Phase.FAILED, why=told), event="update.failed")
