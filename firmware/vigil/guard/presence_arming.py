"""The alarm follows who is at home, where its owner wrote so; what a person armed stays."""

from __future__ import annotations

from vigil.config.model_presence import Follow, Presence
from vigil.guard.deeds import Arm, Deed, Enter
from vigil.guard.facts import ArmChanged, ArmState, PresenceState

HOW = "presence"

_REACHED: dict[Follow, tuple[ArmState, ...]] = {
    "disarmed": (ArmState.DISARMED,),
    "home": (ArmState.ARMED_HOME,),
    "night": (ArmState.ARMED_NIGHT,),
    "away": (ArmState.ARMED_AWAY, ArmState.ARMING),
}
_ANYWAY = ("delay", "alarm", "resumed")
"""Ways in which the state changes, but not whose arming it is."""


class Following:
    """
    What presence makes of the alarm. `own` says whether the present arming is presence's.

    Until guard has said how the alarm stands, nothing is made of it.
    """

    def __init__(self, presence: Presence, *, own: bool) -> None:
        self.own = own
        self._override = presence.override_manual
        self._arm: ArmState | None = None
        self._wanted: dict[PresenceState, Follow] = {
            "EMPTY": presence.empty,
            "ADULTS_HOME": presence.adults_home,
            "KIDS_HOME": presence.kids_home,
            "ALL_HOME": presence.all_home,
        }

    def hear(self, fact: ArmChanged) -> bool:
        """Note how the alarm stands and whose doing it is; return whether there is anything to be kept."""
        before = self.own
        self._arm = fact.after
        if fact.after is ArmState.DISARMED:
            self.own = False
        elif fact.how not in _ANYWAY:
            self.own = fact.how == HOW
        return self.own is not before

    def follow(self, state: PresenceState, who: str) -> list[Deed]:
        """Return what a new state makes of the alarm; `who` came or went."""
        mode = self._wanted.get(state, "off")
        if mode == "off" or self._arm is None or self._arm in _REACHED[mode]:
            return []
        if why := self._refusal():
            fields = {"state": str(self._arm), "wanted": mode, "who": who, "how": HOW, "why": why}
            return [Enter("arm.refused", fields)]
        return [Arm(mode, who, HOW)]

    def _refusal(self) -> str:
        if self._arm is ArmState.TRIGGERED:
            return "who comes home does not end an alarm: disarm the box"
        if self._arm is not ArmState.DISARMED and not self.own and not self._override:
            return f"the box is {self._arm}, and not by presence: what a person or a rule armed stays"
        return ""
