"""Goes back to the system in the other slot, where that is one that was good before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vigil.errors import DeviceError, UpdateError, UpdateRefused
from vigil.processes.remount import Writable, remounted
from vigil.processes.update import Updates
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import give_up, go_back
from vigil.upkeep.update_record import Phase


def go_back_now(
    updates: Updates,
    boot: Path = Path("/boot"),
    *,
    writable: Writable = remounted,
) -> str:
    """
    Make the other slot the next, for good; return what is to be said. The caller restarts the box.

    Raises `UpdateRefused` where the other slot holds nothing that ever proved itself.
    """
    here = updates.look()
    state, other = read_slots(boot).state, here.slot.other
    if state.trial is other:
        raise UpdateRefused(f"slot {other} holds an update that has yet to prove itself; restart to try it")
    if not state.left(other):
        raise UpdateRefused(f"slot {other} holds nothing to go back to: an update to it failed, or was cut short")
    if state.trial is here.slot:
        state = give_up(state, here.slot)
    try:
        with writable(boot):
            write_slots(boot, go_back(state, other))
    except (DeviceError, OSError) as error:
        raise UpdateError(f"the box cannot go back: {error}") from error
    record = replace(updates.records.read(), phase=Phase.ROLLED_BACK, before=here.running.version, slot=other, why="")
    updates.records.keep(record, "update.rolled-back")
    return f"going back from {here.running.version} to the version in slot {other}; the box restarts"
