"""`[[rule]]`: what shall happen when; and `[location]`: where the box stands, for sunrise and sunset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vigil.config.actions import Action, Do
from vigil.config.conditions import Condition
from vigil.config.conditions_read import When
from vigil.config.kinds import Flag, Number, Text, Whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """`[location]`: where the box stands. Without it no rule can ask for the sun."""

    latitude: Annotated[float, Number(-90, 90), "Degrees north of the equator; south is negative."] = 0.0
    longitude: Annotated[float, Number(-180, 180), "Degrees east of Greenwich; west is negative."] = 0.0

    @property
    def known(self) -> bool:
        """Whether it was given at all: where both are zero there is only sea."""
        return (self.latitude, self.longitude) != (0.0, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`[[rule]]`: when something begins to hold, something is done; one such table for each."""

    id: Annotated[
        str,
        Text(32, "[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 32 of a–z, 0–9 and - (not at either end)"),
        "Name in the journal and in messages.",
    ]
    when: Annotated[Condition, When(), "What it waits for."]
    do: Annotated[tuple[Action, ...], Do(), "What it does when that begins to hold."]
    enabled: Annotated[bool, Flag(), "false: it is checked, and never fires."] = True
    cool_down_s: Annotated[
        int,
        Whole(1, 604_800, "none"),
        "So long after it fired it does not fire again; what begins then is not made up.",
    ] = 0
