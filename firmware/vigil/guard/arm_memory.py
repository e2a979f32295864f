"""What the alarm was before the power went or guard was restarted; what is lost is never taken for disarmed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from vigil.guard.arm_table import Delays, Standing
from vigil.guard.facts import ArmState

_MODES = (ArmState.DISARMED, ArmState.ARMED_HOME, ArmState.ARMED_NIGHT, ArmState.ARMED_AWAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What is left of earlier: the state file, and the state that the journal names last.

    `kept` is None where there is no file, empty where the disk has lost it.
    `journaled` is the state of the newest ``arm.changed``; empty where there
    never was one, None where the journal cannot be asked.
    """

    kept: bytes | None
    journaled: str | None


def resumed(found: Found, delays: Delays, *, boot: str, now_us: int) -> tuple[Standing, str]:
    """
    Return where the alarm stands after a start at `now_us` (steady), and what must be said about it.

    A delay of this same boot goes on; one of another begins anew in full: the
    steady clock is gone with the power, and the other one may be wrong.
    """
    if found.kept:
        try:
            return _read(found.kept, delays, boot=boot, now_us=now_us), ""
        except (ValueError, KeyError, TypeError, RecursionError):
            pass  # told below, as a file that is lost
    elif found.kept is None and found.journaled == "":
        return Standing(), ""  # never armed
    try:
        state = ArmState(found.journaled or "")
    except ValueError:
        words = "nobody knows whether the box was armed, so it is armed_away: disarm it, or arm it as you want it"
        return Standing(state=ArmState.ARMED_AWAY, mode=ArmState.ARMED_AWAY), f"its memory is lost; {words}"
    mode = state if state in _MODES else ArmState.ARMED_AWAY
    words = f"the journal says that the box was {state}: disarm it, or arm it anew, if that is wrong"
    return _begun(state, mode, delays, now_us), f"its memory is lost; {words}"


def _read(kept: bytes, delays: Delays, *, boot: str, now_us: int) -> Standing:
    read = json.loads(kept)
    state, mode, until_us = ArmState(read["state"]), ArmState(read["mode"]), read["until_us"]
    on_the_way = state in (ArmState.ARMING, ArmState.PENDING)
    if mode not in _MODES or (state in _MODES and state is not mode) or (on_the_way and mode is ArmState.DISARMED):
        raise ValueError("states that do not go together")
    lasts_us = delays.of(state)
    if read["boot"] == boot and type(until_us) is int and lasts_us is not None:
        # Never longer than a delay lasts, whatever the file says.
        return Standing(state=state, mode=mode, until_us=min(until_us, now_us + lasts_us))
    return _begun(state, mode, delays, now_us)


def _begun(state: ArmState, mode: ArmState, delays: Delays, now_us: int) -> Standing:
    lasts_us = delays.of(state)
    return Standing(state=state, mode=mode, until_us=None if lasts_us is None else now_us + lasts_us)
