"""`[[sensor]]`: what tells the box that a door is open, that somebody moves, or that it burns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from vigil.config.kinds import Choice, Flag, Number, Text, Whole
from vigil.config.kinds_lists import Names, Words

SensorKind = Literal["contact", "motion", "tamper", "smoke", "water", "temperature"]
Location = Literal["indoor", "outdoor", "entrance"]
Pull = Literal["up", "down", "none"]
Active = Literal["open", "closed", "high", "low"]

ALARM_IN: dict[SensorKind, tuple[str, ...]] = {
    "contact": ("home", "away", "night"),
    "motion": ("away",),
    "tamper": ("always",),
    "smoke": ("always",),
    "water": ("always",),
    "temperature": ("never",),
}
"""When a sensor raises the alarm unless its `alarm_in` says otherwise."""

_BACK_C = 1.0
"""A temperature at its limit must not come and go with every tenth of a degree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensor:
    """`[[sensor]]`: one sensor; one such table for each. It has one of `gpio`, `topic` and `thermometer`."""

    id: Annotated[
        str,
        Text(32, "[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 32 of a–z, 0–9 and - (not at either end)"),
        "Name in the journal, in rules and in messages.",
    ]
    kind: Annotated[SensorKind, Choice(get_args(SensorKind)), "What it tells."]
    gpio: Annotated[int, Whole(2, 27, "none"), "The line on the header that it is wired to (GPIO number, not pin)."] = 0
    pull: Annotated[
        Pull, Choice(get_args(Pull)), "Whether the box pulls the line up or down; none where the sensor drives it."
    ] = "up"
    active: Annotated[
        Active,
        Choice(get_args(Active)),
        "When there is something to tell: the contact is open or closed, or the line is driven high or low.",
    ] = "open"
    bounce_ms: Annotated[int, Whole(1, 5000), "A level counts once it has stood for so long."] = 50
    topic: Annotated[
        str,
        Text(256, r"[^\s#+/$][^\s#+]*", "an MQTT topic without + and #, such as zigbee2mqtt/front-door"),
        "Where a radio sensor is heard, as Zigbee2MQTT or Z-Wave JS UI calls it.",
    ] = ""
    key: Annotated[
        str,
        Text(64, "[A-Za-z0-9_]+", "letters, digits and _"),
        "Which part of its messages counts, where it is not the usual one of its kind (contact, occupancy …).",
    ] = ""
    thermometer: Annotated[
        str,
        Text(
            64, "[A-Za-z0-9_-]+", "a 1-wire number such as 28-0316a2795bff, or the name of a hwmon such as cpu_thermal"
        ),
        "The thermometer that is read.",
    ] = ""
    high_c: Annotated[float, Number(-55, 150), "A temperature is active above this…"] = 60.0
    low_c: Annotated[float, Number(-55, 150), "…and below this."] = -55.0
    location: Annotated[Location, Choice(get_args(Location)), "Where it is; rules can ask for it."] = "indoor"
    entry: Annotated[bool, Flag(), "true: whoever comes in here has the entry delay to disarm."] = False
    alarm_in: Annotated[
        tuple[str, ...],
        Words(("home", "away", "night", "always", "never")),
        "When it raises the alarm. Without: a contact armed in any way, motion armed away, the others always; "
        "temperature never.",
    ] = ()
    cameras: Annotated[tuple[str, ...], Names(), "Cameras that see the place: they record while it is active."] = ()
    confirm_within_s: Annotated[
        int,
        Whole(1, 300, "the sensor alone"),
        "It raises the alarm only with motion in `cameras` within so many seconds.",
    ] = 0
    changes_at_least_every_s: Annotated[
        int, Whole(60, 31_536_000, "nobody expects it"), "Without a change for so long it is at fault."
    ] = 0
    changes_at_most_per_min: Annotated[int, Whole(2, 6000), "With more changes a minute it chatters: a fault."] = 60
    heard_at_least_every_s: Annotated[
        int, Whole(10, 2_592_000, "nobody expects it"), "Without a word for so long a radio sensor is at fault."
    ] = 0

    def alarms(self) -> tuple[str, ...]:
        """Return when it raises the alarm: armed `home`, `away`, `night`; or ``always``, or ``never``."""
        return self.alarm_in or ALARM_IN[self.kind]

    def beyond(self, celsius: float, *, before: bool) -> bool:
        """Say whether a temperature is beyond its limits; one that was has to come back by a whole degree."""
        back_c = _BACK_C if before else 0.0
        return celsius > self.high_c - back_c or celsius < self.low_c + back_c
