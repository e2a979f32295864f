"""Says in lines what runs from which slot, what is next, and what became of the last update."""

from __future__ import annotations

from vigil.processes.update import Updates
from vigil.upkeep.slots import Slot, SlotState
from vigil.upkeep.update_record import Phase, Record

WORDS = {
    Phase.NONE: "no update has been installed yet",
    Phase.INSTALLING: "an update to {version} is being installed into slot {slot}",
    Phase.INSTALLED: "version {version} is in slot {slot} and has yet to prove itself",
    Phase.CONFIRMED: "the update from {before} to {version} has proved itself",
    Phase.FAILED: "the update to {version} failed: {why}",
    Phase.ROLLED_BACK: "you went back from {before} to the version before it",
}


def lines(updates: Updates) -> list[str]:
    """What `vigil update status` prints. Raises `UpdateRefused` on a host that has no slots."""
    here, record, keyring = updates.look(), updates.records.read(), updates.keyring()
    return [
        f"version {here.running.version or 'unknown'} ({here.running.compatible}) runs from slot {here.slot}",
        *(f"slot {slot}: {_slot(here.state, slot)}" for slot in Slot),
        f"next start: slot {here.state.primary or here.state.order[0]}",
        _last(record),
        *(f"takes what is signed by: {key.name} {key.key_id[:12]}" for key in keyring.trusted),
        *(f"revoked: {key.name} {key.key_id[:12]}" for key in keyring.revoked),
        *(f"a certificate is not used: {problem}" for problem in keyring.problems),
    ]


def _slot(state: SlotState, slot: Slot) -> str:
    tries = state.left(slot)
    words = "is not started" if not tries else f"{tries} {'try' if tries == 1 else 'tries'} left"
    return f"{words}, on trial" if state.trial is slot else words


def _last(record: Record) -> str:
    return WORDS[record.phase].format(version=record.version, before=record.before, slot=record.slot, why=record.why)
