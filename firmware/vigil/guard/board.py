"""What the board says of its supply and its temperature, and when that is a fault."""

from __future__ import annotations

from vigil.events import Board
from vigil.guard.deeds import Deed, Fault
from vigil.guard.facts import Fact
from vigil.guard.moment import Moment

HOT_C = 80.0
COOL_C = 75.0
"""From 80 °C on the firmware slows every Pi down (raspberrypi.com, *Frequency management and thermal control*)."""

LASTS_S = 60
"""An under-voltage lasts for milliseconds, and is told for a minute, or the fault would come and go all day."""

_WORDS = {
    "under-voltage": "the supply gives too little voltage: use the board's own supply, and a short cable",
    "throttled": "the board slows itself down to stay cool: give it air",
}


class BoardCare:
    """Guard's judgement of the board (`guard.deeds.Part`)."""

    def __init__(self) -> None:
        self.due_us: int | None = None
        self._until_us: dict[str, int] = {}
        self._is_hot = False
        self._said: dict[str, str] = {}

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Take in one look at the board."""
        if not isinstance(fact, Board):
            return []
        for flag in fact.flags:
            self._until_us[flag] = now.steady_us + LASTS_S * 1_000_000
        self._is_hot = fact.temperature_c >= (COOL_C if self._is_hot else HOT_C)
        return self.look(now)

    def look(self, now: Moment) -> list[Deed]:
        """See what is over."""
        self._until_us = {flag: at_us for flag, at_us in self._until_us.items() if at_us > now.steady_us}
        self.due_us = min(self._until_us.values(), default=None)
        low = _WORDS["under-voltage"] if "under-voltage" in self._until_us else ""
        hot = _WORDS["throttled"] if "throttled" in self._until_us else ""
        if self._is_hot and not hot:
            hot = f"the board is hotter than {HOT_C:.0f} °C: give it air"
        return [*self._fault("power supply", low), *self._fault("temperature", hot)]

    def _fault(self, what: str, words: str) -> list[Deed]:
        if self._said.get(what, "") == words:
            return []
        self._said[what] = words
        return [Fault(what, words)]
