"""Button, lamps and the alarm: what somebody does, and what is to be seen and heard of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SetArm(Message):
    """
    Arm the box (`mode` is ``home``, ``night`` or ``away``) or disarm it (``disarmed``).

    Services of the box need a PIN, and say whose it is: `client` as far as they can tell, `route` the way it came by.
    """

    kind: ClassVar[str] = "set-arm"
    mode: str
    pin: str = field(default="", repr=False)
    client: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Message):
    """Body: somebody did this (``short``, ``double``, ``long``, ``hold``, ``very_long``) at `at_us`, steady clock."""

    kind: ClassVar[str] = "pressed"
    button: str
    gesture: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Display(Message):
    """
    Guard to body, every second and at each change: the pattern of each lamp, and what is to be heard.

    `sound` is ``leaving``, ``entering``, ``siren`` or empty, and ends by itself after `sound_left_us`.
    """

    kind: ClassVar[str] = "display"
    lamps: dict[str, str]
    sound: str = ""
    sound_left_us: int = 0
    brightness_pct: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch(Message):
    """To a simulated panel, from whoever stands before it: do this with its button, as a hand would."""

    kind: ClassVar[str] = "touch"
    gesture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lit(Message):
    """A simulated panel, to whoever looks at it: how bright each lamp is in per cent, and the noises; 0 is off."""

    kind: ClassVar[str] = "lit"
    levels: dict[str, str]
