"""What is foreseen of the disk, looked at now and then, and said in a sentence."""

from __future__ import annotations

from collections.abc import Callable

from vigil.processes.panorama_words import about
from vigil.store.forecast import Fate, Forecast

_DAY_S = 86_400
_EVERY_US = 600 * 1_000_000
_UNKNOWN_EVERY_US = 60 * 1_000_000
NOTHING = Forecast(Fate.UNKNOWN, why="nobody has looked yet")


class Foresight:
    """The newest forecast; it is made again every ten minutes, for days do not pass faster."""

    def __init__(self) -> None:
        self._made_us: int | None = None
        self.newest = NOTHING

    def look(self, now_us: int, make: Callable[[], Forecast]) -> Forecast:
        """Return the forecast, made anew where it is old (`now_us` on the steady clock)."""
        every_us = _UNKNOWN_EVERY_US if self.newest.fate is Fate.UNKNOWN else _EVERY_US
        if self._made_us is None or now_us - self._made_us >= every_us:
            self._made_us, self.newest = now_us, make()
        return self.newest


def sentence(one: Forecast) -> str:
    """Return what is foreseen, as a person says it: ``full in about 12 days; then the oldest go, …``."""
    when, back = about(one.full_days * _DAY_S), about(one.kept_days * _DAY_S)
    if one.fate is Fate.UNKNOWN:
        return f"how long there is room is not known: {one.why}"
    if one.fate is Fate.STAYS:
        return one.why or "room for all that is to be kept"
    # What the words say of days is true of days on which the box runs.
    days = "" if one.by_clock else " (days of recording: the clock is not synchronised)"
    if one.fate is Fate.FILLS_UP:
        return f"full in {when}: {one.why}{days}"
    if one.full_days * _DAY_S < 3600:
        return f"the oldest go as new ones come; recordings reach {back} back{days}"
    return f"full in {when}; then the oldest go, and recordings reach {back} back{days}"
