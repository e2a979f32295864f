"""Body's sensors at work: what they say is carried to guard, and every ten seconds how all of them are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vigil.body.pins import Pins
from vigil.body.sensors import Said, SensorLines
from vigil.clock import Clock
from vigil.config.model_sensor import Sensor
from vigil.events import Message, SensorSaid
from vigil.processes.thermometers import Thermometers

BEAT_US = 10_000_000
"""Guard takes a sensor for silent that has missed three of these."""


class Feeling:
    """
    The sensors that are wired to this box.

    `send` says whether guard was reached. What was not heard is not kept: the
    next beat says how things are, and guard sees by it what has changed.
    """

    def __init__(
        self, sensors: Sequence[Sensor], pins: Pins | None, *, clock: Clock, send: Callable[[Message], bool],
        poke: Callable[[], None],
    ) -> None:  # fmt: skip
        self._send = send
        self._lines = SensorLines(sensors, pins, now_us=clock.steady_us, poke=poke)
        self._thermometers = Thermometers(sensors, now_us=clock.steady_us, poke=poke)
        self._beat_us = clock.steady_us() - BEAT_US
        self._thermometers.start()

    @property
    def due_us(self) -> int | None:
        """When a level will have stood for long enough."""
        return self._lines.due_us

    def round(self, now_us: int) -> None:
        """Say what there is to say."""
        if now_us - self._beat_us >= BEAT_US:
            self._beat_us = now_us
            said = self._lines.say(now_us)
        else:
            said = self._lines.feel(now_us)
        for message in (*map(_message, said), *self._thermometers.said()):
            self._send(message)

    def close(self) -> None:
        """Feel no more."""
        self._lines.close()
        self._thermometers.close()


def _message(said: Said) -> SensorSaid:
    if said.felt is None:
        return SensorSaid(sensor=said.sensor, fault=said.fault)
    felt = said.felt
    return SensorSaid(sensor=said.sensor, active=felt.active, changes=felt.changes, at_us=felt.at_us)
