"""What guard lets body show and sound: the evidence as patterns, and how much of a sound is left."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.clock.trust import Trust
from vigil.config.model import Config
from vigil.events import Display, Status
from vigil.guard.facts import ArmState
from vigil.guard.moment import Moment
from vigil.guard.panel import ARM_LAMP, CameraSeen, brightness_pct, fault_lamp, status_lamp
from vigil.guard.probes.camera import BETWEEN_KEYFRAMES_S
from vigil.processes.sensing import local_time

_SLACK_S = 3.0
"""A recorder speaks once a second, and its flush takes a moment."""


class LampsShown:
    """What the lamps show, from what guard knows. A part that shows something of its own comes first."""

    def __init__(self, config: Config) -> None:
        self._lamps = config.lamps
        self._loss_s = config.recording.loss_s
        self._cameras: dict[str, CameraSeen | None] = {camera.id: None for camera in config.cameras if camera.enabled}
        self._own: dict[str, str] = {}
        self._sound = ""
        self._sound_until_us = 0

    def camera(self, status: Status, now_us: int) -> None:
        """A recorder says how its camera is."""
        continuous = status.mode == "continuous"
        self._cameras[status.camera] = CameraSeen(
            state=status.state, durable_age_s=status.durable_age_s, heard_us=now_us,
            promised_s=self._loss_s + _SLACK_S if continuous else BETWEEN_KEYFRAMES_S,
        )  # fmt: skip

    def show(self, lamp: str, pattern: str) -> None:
        """Let a lamp show a pattern whatever the evidence is; an empty one gives it back."""
        if pattern:
            self._own[lamp] = pattern
        else:
            self._own.pop(lamp, None)

    def sound(self, pattern: str, longest_s: int, now_us: int) -> None:
        """Let something be heard, for so long at most."""
        self._sound, self._sound_until_us = pattern, now_us + longest_s * 1_000_000

    def display(self, arm: ArmState, faults: Mapping[str, str], now: Moment) -> Display:
        """Return all of it as body needs it."""
        lamps = {
            "status": status_lamp(list(self._cameras.values()), now.steady_us),
            "arm": ARM_LAMP[arm],
            "fault": fault_lamp(faults),
            **self._own,
        }
        left_us = max(0, self._sound_until_us - now.steady_us)
        return Display(
            lamps=lamps, sound=self._sound if left_us else "", sound_left_us=left_us,
            brightness_pct=brightness_pct(self._lamps, _minute_of_day(now)),
        )  # fmt: skip


def _minute_of_day(now: Moment) -> int | None:
    return None if now.trust is Trust.UNSYNCED else local_time(now.wall_us)[1]
