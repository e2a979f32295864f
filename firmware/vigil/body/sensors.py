"""The sensors that are wired to the header: their lines, and what they say."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from vigil.body.pins import Input, Pins
from vigil.body.settle import Felt, Settle
from vigil.config.model_sensor import Sensor
from vigil.errors import DeviceError

_EDGES = 256
"""As many are kept of one line between two rounds; of a line that swings faster the newest count."""


@dataclass(slots=True)
class _Line:
    sensor: Sensor
    edges: deque[tuple[bool, int]] = field(default_factory=lambda: deque(maxlen=_EDGES))
    input: Input | None = None
    settle: Settle | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What body says of one sensor; `fault` is why it cannot be read."""

    sensor: str
    felt: Felt | None
    fault: str = ""


def active_low(sensor: Sensor) -> bool:
    """Say whether the line is low when there is something to tell: a contact is between the line and the other side."""
    if sensor.active in ("low", "high"):
        return sensor.active == "low"
    return (sensor.active == "closed") is (sensor.pull == "up")


class SensorLines:
    """
    The lines of all wired sensors; one that cannot be opened costs itself alone.

    `now_us` gives the steady time, `poke` wakes the loop: both are called in
    any thread, at each edge.
    """

    def __init__(
        self, sensors: Sequence[Sensor], pins: Pins | None, *, now_us: Callable[[], int], poke: Callable[[], None]
    ) -> None:
        self._now_us = now_us
        self._poke = poke
        self._lines = [_Line(sensor) for sensor in sensors if sensor.gpio]
        for line in self._lines:
            self._open(line, pins)

    @property
    def due_us(self) -> int | None:
        """When a level will have stood for long enough."""
        dues = [line.settle.due_us for line in self._lines if line.settle and line.settle.due_us is not None]
        return min(dues, default=None)

    def feel(self, now_us: int) -> list[Said]:
        """Return what the lines have done since the last time."""
        said: list[Said] = []
        for line in self._lines:
            if line.settle is None:
                continue
            felt = line.settle.look(now_us) if not line.edges else []
            while line.edges:
                active, at_us = line.edges.popleft()
                felt += line.settle.edge(active=active, at_us=at_us)
                # An edge that came while this one was looked at has not woken anybody.
                felt += line.settle.look(now_us) if not line.edges else []
            said += [Said(line.sensor.id, one) for one in felt]
        return said

    def say(self, now_us: int) -> list[Said]:
        """Return how every sensor is; an edge that was lost is made up for by looking."""
        for line in self._lines:
            if line.input is not None and not line.edges:
                try:
                    line.edges.append((line.input.active, now_us))
                    line.fault = ""
                except DeviceError as error:
                    line.fault = str(error)
        felt = self.feel(now_us)
        return felt + [self._beat(line, now_us) for line in self._lines]

    def close(self) -> None:
        """Hear of no more edges."""
        for line in self._lines:
            if line.input is not None:
                with suppress(DeviceError):
                    line.input.close()

    def _beat(self, line: _Line, now_us: int) -> Said:
        if line.fault or line.settle is None:
            return Said(line.sensor.id, None, line.fault)
        return Said(line.sensor.id, Felt(line.settle.active, 0, now_us))

    def _open(self, line: _Line, pins: Pins | None) -> None:
        if pins is None:
            line.fault = "no header of this box can be read"
            return
        sensor = line.sensor
        try:
            line.input = pins.input(
                sensor.gpio, active_low=active_low(sensor), pull=sensor.pull, changed=partial(self._moved, line)
            )
            active = line.input.active
        except DeviceError as error:
            line.fault = str(error)
            return
        line.settle = Settle(active=active, bounce_us=sensor.bounce_ms * 1000, at_us=self._now_us())

    def _moved(self, line: _Line, active: bool) -> None:
        """An edge, in whatever thread it is told."""
        line.edges.append((active, self._now_us()))
        # Of a line that is not at rest the loop waits for the rest anyway: it is not woken a thousand times a second.
        if line.settle is None or not line.settle.restless:
            self._poke()
