"""Whether one sensor can be relied on: it must be heard, change now and then, and not too often."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.config.conditions import span_in_words
from vigil.config.model_sensor import Sensor

MINUTE_US = 60_000_000
_SECOND_US = 1_000_000

WIRED_PATIENCE_S = 30
"""Body says every ten seconds how each of its sensors is; three are missed before that is a fault."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A change that is passed on: `first` is what was found at the start."""

    active: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """So many changes of a chattering sensor in a minute that were not passed on."""

    changes: int


class SensorWatch:
    """
    One sensor, as guard hears of it. All times are microseconds of the steady clock.

    Changes are paid from a bucket of `changes_at_most_per_min`, which fills in
    a minute; when it is empty the sensor chatters, until a whole minute has
    had fewer changes than that.
    """

    def __init__(self, sensor: Sensor, now_us: int) -> None:
        self.sensor = sensor
        self.active: bool | None = None
        self.value = ""
        self._raw: bool | None = None
        self._heard_us: int | None = None
        self._began_us = self._changed_us = now_us
        self._lost = ""
        self._most = sensor.changes_at_most_per_min
        self._left: float = self._most
        self._filled_us = now_us
        self._chattering_us: int | None = None
        self._count = 0

    def heard(self, *, active: bool, changes: int, value: str, now_us: int) -> list[Passed | Counted]:
        """Take what its reader says; return what is passed on."""
        changes = max(changes, int(self._raw is not None and active is not self._raw))
        self._heard_us, self._lost, self.value = now_us, "", value
        self._raw = active
        if changes:
            self._changed_us = now_us
            self._pay(changes, now_us)
        return [*self.look(now_us), *self._pass_on()]

    def lost(self, why: str) -> None:
        """Take that it cannot be read."""
        self._lost = why

    def look(self, now_us: int) -> list[Passed | Counted]:
        """Return what time alone brings about: the count of a minute of chattering, and what holds after the last."""
        if self._chattering_us is None or now_us - self._chattering_us < MINUTE_US:
            return []
        counted, self._count = self._count, 0
        self._chattering_us = now_us
        if counted > self._most:
            return [Counted(counted)]
        self._chattering_us = None
        self._left, self._filled_us = self._most, now_us
        return [*([Counted(counted)] if counted else []), *self._pass_on()]

    def fault(self, now_us: int) -> str:
        """Say what is wrong with it, or nothing; what stands first hides the others."""
        sensor = self.sensor
        if self._lost:
            return f"it cannot be read: {self._lost}"
        if self._chattering_us is not None:
            return f"it chatters (more than {self._most} changes a minute): look at its wire, or raise bounce_ms"
        patience_s = sensor.heard_at_least_every_s if sensor.topic else WIRED_PATIENCE_S
        since_us = self._began_us if self._heard_us is None else self._heard_us
        if patience_s and now_us - since_us >= patience_s * _SECOND_US:
            said = "since the start" if self._heard_us is None else f"for {span_in_words(patience_s)}"
            return f"nothing was heard of it {said}"
        expected_s = sensor.changes_at_least_every_s
        if expected_s and now_us - self._changed_us >= expected_s * _SECOND_US:
            return f"it has not changed for {span_in_words(expected_s)}: try it"
        return ""

    def _pay(self, changes: int, now_us: int) -> None:
        if self._chattering_us is not None:
            self._count += changes
            return
        filled = (now_us - self._filled_us) * self._most / MINUTE_US
        self._left, self._filled_us = min(self._most, self._left + filled) - changes, now_us
        if self._left < 0:
            self._chattering_us, self._count = now_us, changes

    def _pass_on(self) -> list[Passed | Counted]:
        if self._chattering_us is not None or self._raw is None or self._raw is self.active:
            return []
        first, self.active = self.active is None, self._raw
        return [Passed(self._raw, first)]
