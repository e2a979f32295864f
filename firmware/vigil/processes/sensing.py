"""What guard hears of sensors and cameras becomes facts for its parts."""

from __future__ import annotations

import time

from vigil.config.model import Config
from vigil.events import SensorSaid, Status, TopicSaid
from vigil.guard.facts import CameraSees, Fact, Motion, Sensed, SensorLost
from vigil.guard.panel import SILENT_US
from vigil.guard.sensor_topics import Topics

_SEEING = ("recording", "watching", "unclaimed", "disk fault")
"""Whatever becomes of its pictures, a camera in these states has them. A paused one is no witness."""

_BLIND = ("frozen", "black")


class Sensing:
    """Remembers what was said last: parts hear of changes alone."""

    def __init__(self, config: Config) -> None:
        self._topics = Topics(config.sensors)
        self._wired = {sensor.id for sensor in config.sensors if not sensor.topic}
        self._moving: dict[str, bool] = {}
        self._sees: dict[str, bool] = {}
        self._heard_us: dict[str, int] = {}

    def said(self, message: SensorSaid) -> list[Fact]:
        """Body says how a wired sensor is. What a radio sensor does is not for body to say."""
        if message.sensor not in self._wired:
            return []
        if message.fault:
            return [SensorLost(message.sensor, message.fault[:200])]
        changes = max(0, message.changes)
        return [Sensed(message.sensor, message.active, changes, message.at_us, message.value[:40])]

    def heard(self, message: TopicSaid, now_us: int) -> list[Fact]:
        """Uplink says what came on a topic."""
        return self._topics.heard(message.topic, message.payload.encode(errors="replace"), now_us)

    def camera(self, status: Status, now_us: int) -> list[Fact]:
        """A recorder says how its camera is."""
        camera = status.camera
        self._heard_us[camera] = now_us
        sees = status.state in _SEEING and status.picture_check not in _BLIND
        return [*self._seen(camera, sees=sees), *self._moved(camera, moving=sees and status.motion)]

    def look(self, now_us: int) -> list[Fact]:
        """Return that cameras see nothing whose recorders have fallen silent."""
        silent = [camera for camera, at_us in self._heard_us.items() if now_us - at_us >= SILENT_US]
        return [fact for camera in silent for fact in self._seen(camera, sees=False)]

    def _seen(self, camera: str, *, sees: bool) -> list[Fact]:
        if self._sees.get(camera) is sees:
            return []
        self._sees[camera] = sees
        self._moving.pop(camera, None)
        return [CameraSees(camera, sees)]

    def _moved(self, camera: str, *, moving: bool) -> list[Fact]:
        if not self._sees.get(camera) or self._moving.get(camera, False) is moving:
            return []
        self._moving[camera] = moving
        return [Motion(camera, moving)]


def local_time(wall_us: int) -> tuple[int, int]:
    """Return the day of the week (Monday is 0) and the minute of the day where the box stands."""
    there = time.localtime(wall_us / 1_000_000)
    return there.tm_wday, there.tm_hour * 60 + there.tm_min
