"""The settings of what hangs on the wall: how the box is armed, what its button does, what its lamps show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from vigil.config.kinds import Choice, Text, Whole
from vigil.config.kinds_lists import Ids

Level = Literal["low", "high"]
ButtonAction = Literal[
    "nothing", "arm_away", "arm_home", "arm_night", "disarm", "arm_or_disarm", "record", "alarm",
    "claim", "export", "claim_or_export", "takeover",
]  # fmt: skip

_LINE = Whole(2, 27, "none")
_ACTION = Choice(get_args(ButtonAction))
_TIME = Text(5, "([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day such as 22:30")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """`[arm]`: how long arming and alarms take."""

    exit_delay_s: Annotated[
        int, Whole(5, 300, "armed at once"), "Time to leave after arming away; home and night are armed at once."
    ] = 45
    entry_delay_s: Annotated[
        int, Whole(5, 300, "alarm at once"), "Time to disarm after coming in by a way that has a delay."
    ] = 30
    trigger_s: Annotated[
        int, Whole(10, 3600), "How long an alarm lasts; then the box is armed as before and can be triggered anew."
    ] = 300
    siren_s: Annotated[
        int, Whole(1, 1800, "silent"), "How long the siren sounds at most. Many places have a law about it."
    ] = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """`[button]`: the button, and what is done with it. Whoever can reach a gesture that disarms can disarm."""

    gpio: Annotated[int, _LINE, "The line it is wired to (docs/guide/wiring.md)."] = 17
    pressed: Annotated[Level, Choice(get_args(Level)), "How the line is while it is pressed: low closes to ground."] = (
        "low"
    )
    short: Annotated[ButtonAction, _ACTION, "A short press."] = "arm_away"
    double: Annotated[
        ButtonAction, _ACTION, "Two short presses. With nothing a short one need not wait for a second."
    ] = "nothing"
    long: Annotated[ButtonAction, _ACTION, "Held for more than 1.5 s, and let go."] = "arm_home"
    hold: Annotated[
        ButtonAction,
        _ACTION,
        "Held for 10 s. claim opens ten minutes for claiming a box that nobody has claimed, export copies sealed "
        "recordings to a prepared stick (docs/guide/stick.md), claim_or_export does whichever fits the box.",
    ] = "claim_or_export"
    very_long: Annotated[
        ButtonAction,
        _ACTION,
        "Held for 20 to 30 s, and let go; takeover is for who forgot everything, and takes a day.",
    ] = "takeover"


@dataclass(frozen=True, kw_only=True, slots=True)
class Usb:
    """`[usb]`: what may be plugged in beside cameras, a UPS and a prepared stick (docs/guide/stick.md)."""

    allow: Annotated[
        tuple[str, ...],
        Ids("[0-9a-f]{4}:[0-9a-f]{4}", "vendor and product as lsusb shows them, such as 0bda:8153"),
        "Devices that are let in whatever they are: a keyboard, a network adapter. Whoever knows the numbers can make "
        "a device that shows them.",
    ] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lamps:
    """`[lamps]`: the lamps, buzzer and siren, and how bright they are (docs/guide/arming.md says what they show)."""

    status_gpio: Annotated[int, _LINE, "The line of the status lamp (green)."] = 22
    arm_gpio: Annotated[int, _LINE, "The line of the arm lamp."] = 27
    fault_gpio: Annotated[int, _LINE, "The line of the fault lamp."] = 23
    buzzer_gpio: Annotated[int, _LINE, "The line of a buzzer that counts delays down."] = 0
    siren_gpio: Annotated[int, _LINE, "The line that switches a siren (through a relay or transistor)."] = 0
    brightness_pct: Annotated[int, Whole(1, 100), "How bright the lamps are."] = 100
    quiet_from: Annotated[str, _TIME, "From when on the lamps are dimmed, in the box's time zone."] = ""
    quiet_to: Annotated[str, _TIME, "Until when."] = ""
    quiet_brightness_pct: Annotated[
        int, Whole(1, 100, "dark"), "How bright they are meanwhile; delays, alarms and faults never less than 10."
    ] = 5
