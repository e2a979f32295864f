"""The slot selector of docs/spec/slots.md, in Python: what U-Boot must do, step by step."""

from __future__ import annotations

from dataclasses import replace

from vigil.upkeep.slots import CUTS_A_TRY, Slot, SlotState, with_left


def start(state: SlotState, *, after_reset: bool) -> tuple[Slot, SlotState]:
    """One start of the machine: the slot taken, and the state kept."""
    state = _charged(state, after_reset=after_reset)
    slot = state.primary
    if slot is None:
        slot, state = Slot.A, SlotState(trying=state.trying)
    if state.trying is not slot:
        state = replace(state, cuts=0)
    return slot, replace(state, trying=slot)


def refused(state: SlotState, slot: Slot) -> SlotState:
    """The state after U-Boot could not start the slot."""
    return replace(with_left(state, slot, max(0, state.left(slot) - 1)), trying=None)


def _charged(state: SlotState, *, after_reset: bool) -> SlotState:
    if state.trying is None:
        return replace(state, cuts=0)
    is_due = state.trial is state.trying or after_reset or state.cuts + 1 == CUTS_A_TRY
    if not is_due:
        return replace(state, cuts=state.cuts + 1)
    return replace(with_left(state, state.trying, max(0, state.left(state.trying) - 1)), cuts=0)
