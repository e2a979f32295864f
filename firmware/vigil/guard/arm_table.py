"""Which state the alarm goes to, whatever happens in whichever state: one table, to be read in a breath."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from vigil.guard.facts import ArmState


class Input(Enum):
    """What can happen to the alarm."""

    ARM_HOME = "arm home"
    ARM_NIGHT = "arm night"
    ARM_AWAY = "arm away"
    DISARM = "disarm"
    ENTRY = "entry"  # noticed on the way that people come in: they have the entry delay
    INTRUSION = "intrusion"  # noticed where nobody has to be
    ALWAYS = "always"  # smoke, tampering, a call for help: armed or not
    TIME_IS_UP = "time is up"


class Back(Enum):
    """Not a state: back to what was armed, or to disarmed where nothing was."""

    BACK = "back"


_OFF, _LEAVING, _HOME, _NIGHT, _AWAY, _COMING, _ALARM = (
    ArmState.DISARMED, ArmState.ARMING, ArmState.ARMED_HOME, ArmState.ARMED_NIGHT, ArmState.ARMED_AWAY,
    ArmState.PENDING, ArmState.TRIGGERED,
)  # fmt: skip
_BACK = Back.BACK

_GRID: dict[ArmState, tuple[ArmState | Back, ...]] = {
    # in        arm home  arm night  arm away   disarm  entry     intrusion  always   time is up
    _OFF:      (_HOME,    _NIGHT,    _LEAVING,  _OFF,   _OFF,     _OFF,      _ALARM,  _OFF),
    _LEAVING:  (_HOME,    _NIGHT,    _LEAVING,  _OFF,   _LEAVING, _LEAVING,  _ALARM,  _BACK),
    _HOME:     (_HOME,    _NIGHT,    _LEAVING,  _OFF,   _COMING,  _ALARM,    _ALARM,  _HOME),
    _NIGHT:    (_HOME,    _NIGHT,    _LEAVING,  _OFF,   _COMING,  _ALARM,    _ALARM,  _NIGHT),
    _AWAY:     (_HOME,    _NIGHT,    _AWAY,     _OFF,   _COMING,  _ALARM,    _ALARM,  _AWAY),
    _COMING:   (_COMING,  _COMING,   _COMING,   _OFF,   _COMING,  _COMING,   _ALARM,  _ALARM),
    _ALARM:    (_ALARM,   _ALARM,    _ALARM,    _OFF,   _ALARM,   _ALARM,    _ALARM,  _BACK),
}  # fmt: skip

NEXT: dict[tuple[ArmState, Input], ArmState | Back] = {
    (state, happened): after for state, row in _GRID.items() for happened, after in zip(Input, row, strict=True)
}
"""The table by (state, what happened)."""

MODES: dict[Input, ArmState] = {
    Input.ARM_HOME: ArmState.ARMED_HOME,
    Input.ARM_NIGHT: ArmState.ARMED_NIGHT,
    Input.ARM_AWAY: ArmState.ARMED_AWAY,
    Input.DISARM: ArmState.DISARMED,
}
"""What each demand arms in the end."""

_GUARDS = (ArmState.DISARMED, ArmState.ARMED_HOME, ArmState.ARMED_NIGHT, ArmState.ARMED_AWAY)
"""How much is guarded, the least first: at home people walk about, at night downstairs nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long each state that ends by itself lasts; 0: it is passed over."""

    exit_us: int
    entry_us: int
    trigger_us: int

    def of(self, state: ArmState) -> int | None:
        """Return how long `state` lasts; None where it lasts until something happens."""
        return {
            ArmState.ARMING: self.exit_us,
            ArmState.PENDING: self.entry_us,
            ArmState.TRIGGERED: max(1, self.trigger_us),
        }.get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    Where the alarm stands.

    `mode` is what is armed, or will be once the exit delay is over; it is what
    the alarm goes back to. `until_us` is the steady time at which the state
    ends by itself, None where it does not.
    """

    state: ArmState = ArmState.DISARMED
    mode: ArmState = ArmState.DISARMED
    until_us: int | None = None


def after(standing: Standing, happened: Input, delays: Delays, now_us: int) -> Standing:
    """Return where the alarm stands once this has happened at `now_us` (steady); the same object where nothing did."""
    found = NEXT[standing.state, happened]
    state = standing.mode if isinstance(found, Back) else found
    mode = standing.mode
    if happened in MODES and state not in (ArmState.PENDING, ArmState.TRIGGERED):
        mode = MODES[happened]
    if (state, mode) == (standing.state, standing.mode):
        return standing
    lasts_us = delays.of(state)
    reached = replace(standing, state=state, mode=mode, until_us=None if lasts_us is None else now_us + lasts_us)
    return after(reached, Input.TIME_IS_UP, delays, now_us) if lasts_us == 0 else reached


def weakens(standing: Standing, demand: Input) -> bool:
    """Say whether less would be guarded: who may not disarm may not do that either."""
    return _GUARDS.index(MODES[demand]) < _GUARDS.index(standing.mode) or (
        demand is Input.DISARM and standing.state is ArmState.TRIGGERED
    )
