"""Body's thermometers, read aside: a 1-wire bus takes most of a second, and the button must not wait for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from vigil.body.temperature import Thermometer
from vigil.config.model_sensor import Sensor
from vigil.errors import DeviceError
from vigil.events import SensorSaid

_KEPT = 256
"""What guard is away for is not kept for ever: the next word says how things are."""

EVERY_S = 10.0
"""As often as body says how any of its sensors is."""


class Thermometers:
    """All thermometers of the box; `poke` is called, in a thread of their own, when they have something to say."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        now_us: Callable[[], int],
        poke: Callable[[], None],
        sys: Path = Path("/sys"),
    ) -> None:
        self._devices = [(sensor, Thermometer(sensor.thermometer, sys)) for sensor in sensors if sensor.thermometer]
        self._active: dict[str, bool] = {}
        self._now_us = now_us
        self._poke = poke
        self._said: deque[SensorSaid] = deque(maxlen=_KEPT)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read, where there is a thermometer."""
        if self._devices:
            # A bus that hangs must not keep body from ending.
            self._thread = threading.Thread(target=self._run, name="thermometers", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Read no more; one that is being read is not waited for."""
        self._stop.set()

    def said(self) -> list[SensorSaid]:
        """Return what they have said since the last time."""
        return [self._said.popleft() for _ in range(len(self._said))]

    def read(self) -> None:
        """Read each of them once."""
        for sensor, device in self._devices:
            self._said.append(self._read(sensor, device))

    def _read(self, sensor: Sensor, device: Thermometer) -> SensorSaid:
        try:
            celsius = device.read()
        except DeviceError as error:
            return SensorSaid(sensor=sensor.id, fault=str(error))
        before = self._active.get(sensor.id, False)
        active = self._active[sensor.id] = sensor.beyond(celsius, before=before)
        return SensorSaid(
            sensor=sensor.id, active=active, changes=int(active is not before), at_us=self._now_us(),
            value=f"{celsius:.1f} °C",
        )  # fmt: skip

    def _run(self) -> None:
        while not self._stop.is_set():
            self.read()
            self._poke()
            self._stop.wait(EVERY_S)
