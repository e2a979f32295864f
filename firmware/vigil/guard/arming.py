"""Arming, disarming and raising the alarm: who may, how long each takes, and what survives a power cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.guard.arm_table import MODES, Delays, Input, Standing, after, weakens
from vigil.guard.deeds import Alarm, Arm, ArmMode, Deed, Enter, Fault, Happened, Keep, Record, Sound, Tell
from vigil.guard.facts import ArmChanged, ArmState, Fact
from vigil.guard.moment import Moment

SUBJECT = "arm"
"""Of the state file, and of the fault that tells that it was lost."""

_DEMANDS: dict[ArmMode, Input] = {
    "disarmed": Input.DISARM,
    "home": Input.ARM_HOME,
    "night": Input.ARM_NIGHT,
    "away": Input.ARM_AWAY,
}


class Arming:
    """
    The part that owns the arm state.

    `siren_s` is the longest that an alarm is heard, `boot` names this start of
    the system: steady times of another one mean nothing.
    """

    def __init__(self, standing: Standing, delays: Delays, *, siren_s: int, boot: str) -> None:
        self._standing = standing
        self._delays = delays
        self._siren_s = siren_s
        self._boot = boot
        self._who = ""
        self._doubted = False

    @property
    def standing(self) -> Standing:
        """Where the alarm stands."""
        return self._standing

    @property
    def due_us(self) -> int | None:
        """When the present state ends by itself."""
        return self._standing.until_us

    def begin(self, now: Moment, complaint: str) -> list[Deed]:
        """Return what follows from starting in a state that outlived the last end; `complaint` says what was lost."""
        self._doubted = bool(complaint)
        self._who = "guard"
        before = self._standing.state
        told: list[Deed] = [Fault(SUBJECT, complaint)] if complaint else []
        return [*told, *self._reached(before, now, who="guard", how="resumed", why=complaint)]

    def begin_new(self, now: Moment) -> list[Deed]:
        """Return what follows from a first start: from here on, a state file that is not there is one that was lost."""
        state = self._standing.state
        return [Keep(SUBJECT, self._saved(now, "guard")), Happened(ArmChanged(state, state, "guard", "resumed"))]

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:  # noqa: ARG002
        """Return nothing: what is noticed comes as a demand or an alarm, which others make of it."""
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows where the present state's time is up."""
        until_us = self._standing.until_us
        if until_us is None or now.steady_us < until_us:
            return []
        return self._happens(Input.TIME_IS_UP, now, who=self._who, how="delay")

    def refusal(self, demand: Arm) -> str:
        """Return why `demand` is not granted, in a sentence that says what to do; nothing where it is."""
        wanted, state = _DEMANDS[demand.mode], self._standing.state
        if state in (ArmState.PENDING, ArmState.TRIGGERED) and demand.mode != "disarmed":
            return f"the box is {state}: disarm it first"
        # That a gesture disarms was the owner's choice; that one which arms should lower the guard was not.
        if demand.how == "button" and demand.mode != "disarmed" and weakens(self._standing, wanted):
            return f"the box is {state}: the button does not lower that to {MODES[wanted]}"
        return ""

    def demand(self, demand: Arm, now: Moment) -> list[Deed]:
        """Return what follows from a demand to arm or to disarm."""
        if why := self.refusal(demand):
            fields = {"state": str(self._standing.state), "wanted": demand.mode, "why": why}
            return [Enter("arm.refused", {**fields, "who": demand.who, "how": demand.how})]
        deeds = self._happens(_DEMANDS[demand.mode], now, who=demand.who, how=demand.how)
        if self._doubted:
            # Somebody has said what holds: nobody needs to be told any more that it was a guess.
            self._doubted = False
            deeds.append(Fault(SUBJECT, ""))
        return deeds

    def alarm(self, alarm: Alarm, now: Moment) -> list[Deed]:
        """Return what follows from something that was noticed."""
        happened = Input.ALWAYS if alarm.always else Input.ENTRY if alarm.delayed else Input.INTRUSION
        return self._happens(happened, now, who=alarm.why, how="alarm", why=alarm.why)

    def words(self, now: Moment) -> str:
        """Say in a few words where the alarm stands: ``arming (23 s left, then armed_away)``."""
        standing = self._standing
        if standing.until_us is None:
            return str(standing.state)
        left_s = max(0, -(-(standing.until_us - now.steady_us) // 1_000_000))
        then = after(standing, Input.TIME_IS_UP, self._delays, now.steady_us).state
        return f"{standing.state} ({left_s} s left, then {then})"

    def _happens(self, happened: Input, now: Moment, *, who: str, how: str, why: str = "") -> list[Deed]:
        before = self._standing
        self._standing = after(before, happened, self._delays, now.steady_us)
        if self._standing is before:
            return []
        self._who = who
        return self._reached(before.state, now, who=who, how=how, why=why)

    def _reached(self, before: ArmState, now: Moment, *, who: str, how: str, why: str) -> list[Deed]:
        """Kept, journaled, and only then to be seen and heard."""
        standing = self._standing
        fields = {"before": str(before), "after": str(standing.state), "who": who, "how": how}
        return [
            Keep(SUBJECT, self._saved(now, who)),
            Enter("arm.changed", {**fields, **({"why": why} if why else {})}),
            Happened(ArmChanged(before, standing.state, who, how)),
            *self._heard(before, how=how, why=why),
        ]

    def _heard(self, before: ArmState, *, how: str, why: str) -> list[Deed]:
        state = self._standing.state
        deeds: list[Deed] = [self._sound()]
        if before is ArmState.TRIGGERED and state is not ArmState.TRIGGERED:
            deeds.append(Record("*", "alarm", "ended"))
        if state is ArmState.TRIGGERED:
            deeds.append(Record("*", "alarm", "began"))
            if how != "resumed":
                deeds.append(Tell("alarm", why or "nobody disarmed the box in time"))
        return deeds

    def _sound(self) -> Sound:
        state = self._standing.state
        if state is ArmState.ARMING:
            return Sound("leaving", self._delays.exit_us // 1_000_000)
        if state is ArmState.PENDING:
            return Sound("entering", self._delays.entry_us // 1_000_000)
        if state is ArmState.TRIGGERED and self._siren_s:
            return Sound("siren", self._siren_s)
        return Sound("", 0)

    def _saved(self, now: Moment, who: str) -> Mapping[str, Any]:
        standing = self._standing
        return {
            "state": str(standing.state),
            "mode": str(standing.mode),
            "until_us": standing.until_us,
            "boot": self._boot,
            "who": who,
            "at_us": now.wall_us,
        }
