"""What the lamps say and what the button asks for: the evidence becomes patterns, a gesture becomes a demand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vigil.config.model_panel import Button, ButtonAction, Lamps
from vigil.guard.deeds import Alarm, Arm, ArmMode, Deed, Enter, Happened, Record
from vigil.guard.facts import ArmChanged, ArmState, ClaimAsked, ExportAsked, Fact, Gesture, TakeoverAsked
from vigil.guard.moment import Moment

SILENT_US = 5_000_000
"""A recorder tells every second how it is; who has been silent for so long is not believed any more."""

_MINUTES_A_DAY = 24 * 60

ARM_LAMP: dict[ArmState, str] = {
    ArmState.DISARMED: "off",
    ArmState.ARMING: "slow",
    ArmState.ARMED_AWAY: "steady",
    ArmState.ARMED_HOME: "gap-1",
    ArmState.ARMED_NIGHT: "gap-2",
    ArmState.PENDING: "fast",
    ArmState.TRIGGERED: "flicker",
}

FAULT_CLASSES: tuple[tuple[str, str], ...] = (
    ("camera", r"camera |picture of "),
    ("disk or card", r"store|card|disk|statements"),
    ("power", r"power|ups|voltage|temperature"),
    ("alarm: memory, sensor or button", r"arm$|memory of arm|sensor|button|lamp|panel|body|rule"),
    ("clock", r"clock"),
    ("journal, keys, owner", r"journal|signer|keys|ownership|takeover|memory of claim"),
    ("network", r"network|uplink|mqtt"),
    ("configuration", r"configuration|presence"),
    ("anything else", r""),
)
"""What the fault lamp counts, the most urgent first: the class, and which subjects of faults belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSeen:
    """One camera as its recorder said last, and the age that its newest durable picture may have (`promised_s`)."""

    state: str
    durable_age_s: float
    promised_s: float
    heard_us: int

    def keeps_its_promise(self, now_us: int) -> bool:
        """Say whether what its mode promises is durable."""
        silent_us = now_us - self.heard_us
        if silent_us >= SILENT_US:
            return False
        if self.state == "watching":
            return True  # nothing is due; that a line which says so is durable, its recorder's watchdog sees to
        return self.state == "recording" and 0 <= self.durable_age_s + silent_us / 1_000_000 <= self.promised_s


def status_lamp(cameras: Sequence[CameraSeen | None], now_us: int) -> str:
    """
    Return what the status lamp shows; a camera is None until its recorder has spoken.

    The breath means one thing alone: what every camera promises is durable.
    """
    known = [one for one in cameras if one]
    if any(one.state == "unclaimed" for one in known):
        return "pairs"
    if not cameras or len(known) < len(cameras):
        return "off"
    paused = [one for one in known if one.state == "paused" and now_us - one.heard_us < SILENT_US]
    if len(paused) + sum(one.keeps_its_promise(now_us) for one in known) < len(known):
        return "off"
    return "wink" if paused else "breath"


def fault_class(what: str) -> int:
    """Return the number, from 1, of the class that a fault's subject belongs to."""
    return next(number for number, (_, form) in enumerate(FAULT_CLASSES, 1) if re.match(form, what))


def fault_lamp(faults: Mapping[str, str]) -> str:
    """Return the code of the most urgent fault there is."""
    return f"count-{min(map(fault_class, faults))}" if faults else "off"


def brightness_pct(lamps: Lamps, minute_of_day: int | None) -> int:
    """Return how bright lamps are now, in per cent; `minute_of_day` is None while nobody knows what time it is."""
    if not (lamps.quiet_from and lamps.quiet_to) or minute_of_day is None:
        return lamps.brightness_pct
    begin, end = _minute(lamps.quiet_from), _minute(lamps.quiet_to)
    within = (minute_of_day - begin) % _MINUTES_A_DAY < (end - begin) % _MINUTES_A_DAY
    return min(lamps.quiet_brightness_pct, lamps.brightness_pct) if within else lamps.brightness_pct


class Presses:
    """The part that makes demands of gestures, as `[button]` maps them."""

    due_us: int | None = None

    def __init__(self, button: Button, state: ArmState = ArmState.DISARMED) -> None:
        self._button = button
        self._state = state

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:  # noqa: ARG002
        """Return what a gesture asks for; each is journaled, whatever comes of it."""
        if isinstance(fact, ArmChanged):
            self._state = fact.after
        if not isinstance(fact, Gesture):
            return []
        action: ButtonAction = getattr(self._button, fact.gesture)
        entry = Enter("button.pressed", {"button": fact.button, "gesture": fact.gesture, "action": action})
        return [entry, *self._asked(action, f"button {fact.button}")]

    def look(self, now: Moment) -> list[Deed]:  # noqa: ARG002
        """Return nothing: a button waits for people."""
        return []

    def _asked(self, action: ButtonAction, who: str) -> list[Deed]:
        if action == "record":
            return [Record("*", "button", "pulse")]
        if action == "alarm":
            return [Alarm(f"{who}: a call for help", delayed=False, always=True)]
        if action == "arm_or_disarm":
            return [Arm("away" if self._state is ArmState.DISARMED else "disarmed", who, "button")]
        wishes: dict[ButtonAction, list[Fact]] = {
            "claim": [ClaimAsked(who)], "export": [ExportAsked(who)], "takeover": [TakeoverAsked(who)],
            # Only one of the two comes of it, as the box and the stick are.
            "claim_or_export": [ClaimAsked(who), ExportAsked(who)],
        }  # fmt: skip
        if action in wishes:
            return [Happened(wish) for wish in wishes[action]]
        modes: dict[ButtonAction, ArmMode] = {
            "arm_away": "away", "arm_home": "home", "arm_night": "night", "disarm": "disarmed",
        }  # fmt: skip
        return [Arm(modes[action], who, "button")] if action in modes else []


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)
