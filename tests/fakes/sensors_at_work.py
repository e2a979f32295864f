"""Sensors with a clock moved by hand, and what came of what they said."""

from __future__ import annotations

from vigil.clock.trust import Trust
from vigil.config.model_sensor import Sensor
from vigil.guard.deeds import Alarm, Deed, Enter, Fault
from vigil.guard.facts import ArmChanged, ArmState, Sensed
from vigil.guard.moment import Moment
from vigil.guard.sensors import Sensors

SECOND = 1_000_000
DOOR = Sensor(id="door", kind="contact", gpio=5, entry=True)
WINDOW = Sensor(id="window", kind="contact", gpio=6)
PIR = Sensor(id="pir", kind="motion", gpio=7, cameras=("hall",), confirm_within_s=10)
SMOKE = Sensor(id="smoke", kind="smoke", topic="z/smoke", heard_at_least_every_s=3600)


class Box:
    """Sensors with a clock moved by hand; what came of it, in order."""

    def __init__(self, *sensors: Sensor) -> None:
        self.us = 1_000 * SECOND
        self.sensors = Sensors(sensors, self.us)
        self.deeds: list[Deed] = []
        self.said: dict[str, bool] = {}
        self.hears(ArmChanged(ArmState.DISARMED, ArmState.DISARMED, "guard", "resumed"))

    def now(self) -> Moment:
        return Moment(self.us, 1_770_000_000 * SECOND + self.us, Trust.SYNCED)

    def hears(self, fact) -> list[Deed]:
        found = self.sensors.hear(fact, self.now())
        self.deeds += found
        return found

    def says(self, sensor: str, *, active: bool, changes: int = 1) -> list[Deed]:
        self.said[sensor] = active
        return self.hears(Sensed(sensor, active, changes, self.us))

    def waits(self, seconds: float, *, beat: str = "") -> list[Deed]:
        """Let time pass, looked at every second; `beat` names a sensor that is heard all the while."""
        before = len(self.deeds)
        for _ in range(round(seconds)):
            self.us += SECOND
            if beat:
                self.hears(Sensed(beat, self.said.get(beat, False), 0, self.us))
            self.deeds += self.sensors.look(self.now())
        return self.deeds[before:]

    def armed(self, state: ArmState) -> None:
        self.hears(ArmChanged(ArmState.DISARMED, state, "me", "button"))

    def entries(self, kind: str) -> list[dict[str, object]]:
        return [dict(deed.fields) for deed in self.deeds if isinstance(deed, Enter) and deed.kind == kind]


def alarms(deeds: list[Deed]) -> list[Alarm]:
    return [deed for deed in deeds if isinstance(deed, Alarm)]


def faults(deeds: list[Deed]) -> list[Fault]:
    return [deed for deed in deeds if isinstance(deed, Fault)]
