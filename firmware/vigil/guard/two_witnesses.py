"""A sensor and a camera must agree before there is an alarm; where no camera can see, the sensor is believed alone."""

from __future__ import annotations

from vigil.config.model_sensor import Sensor

_SECOND_US = 1_000_000


class TwoWitnesses:
    """
    One sensor with `confirm_within_s`, and its cameras. All times are microseconds of the steady clock.

    An episode lasts from when the sensor becomes active until it has been at
    rest for `confirm_within_s`. It is believed once: as soon as one of the
    cameras has seen motion within so many seconds of it, or none can see.
    """

    def __init__(self, sensor: Sensor) -> None:
        self._cameras = frozenset(sensor.cameras)
        self._within_us = sensor.confirm_within_s * _SECOND_US
        self._sees: set[str] = set()
        self._moving: set[str] = set()
        self._moved_us: dict[str, int] = {}
        self._active = False
        self._rest_us: int | None = None
        self.believed = ""
        """Why this episode is believed; empty while it is not."""

    def sensor(self, *, active: bool, now_us: int) -> str:
        """The sensor changed. Return why it is believed now, if it was not before."""
        self.look(now_us)
        if active or self._active:
            self._rest_us = None if active else now_us
        self._active = active
        return self._judge(now_us)

    def motion(self, camera: str, *, active: bool, now_us: int) -> str:
        """A camera sees motion, or no longer. Return as `sensor` does."""
        if camera not in self._cameras:
            return ""
        self.look(now_us)
        self._sees.add(camera)
        self._moving = self._moving | {camera} if active else self._moving - {camera}
        self._moved_us[camera] = now_us
        return self._judge(now_us)

    def sees(self, camera: str, *, sees: bool, now_us: int) -> str:
        """A camera can see, or no longer. Return as `sensor` does."""
        if camera not in self._cameras:
            return ""
        self._sees = self._sees | {camera} if sees else self._sees - {camera}
        if not sees:
            self._moving = self._moving - {camera}
        return self._judge(now_us)

    def look(self, now_us: int) -> bool:
        """Say whether an episode that was believed is over now."""
        if self._in_episode(now_us) or not self.believed:
            return False
        self.believed = ""
        return True

    def _in_episode(self, now_us: int) -> bool:
        return self._active or (self._rest_us is not None and now_us - self._rest_us <= self._within_us)

    def _judge(self, now_us: int) -> str:
        if self.believed or not self._in_episode(now_us):
            return ""
        seen = [camera for camera in sorted(self._moving) if camera in self._cameras]
        seen += [camera for camera, at_us in sorted(self._moved_us.items()) if now_us - at_us <= self._within_us]
        if seen:
            self.believed = f"camera {seen[0]} saw motion too"
        elif not self._sees:
            self.believed = "no camera can see there"
        return self.believed
