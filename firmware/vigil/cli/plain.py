"""What `vigil run --plain` prints: a line of key=value for each camera every ten seconds, and at every change."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

from vigil.clock import Clock, SystemClock
from vigil.config.redact import quoted, without_secrets
from vigil.events import Health, Lit, Status
from vigil.processes.panorama import SECOND_US, CameraSight, Panorama, Process, with_message, with_processes
from vigil.processes.panorama_faults import faults
from vigil.processes.panorama_summary import summary
from vigil.processes.place import Place
from vigil.processes.supervisor import Child

log = logging.getLogger(__name__)
EVERY_US = 10 * SECOND_US


class PlainLines:
    """
    The `Eyes` of a run without a terminal. Lines look like those of `vigil.logs`, which go to standard error.

    Whoever reads them may go away: that ends the lines, never the recording.
    """

    def __init__(
        self, place: Place, notes: Sequence[str], *, clock: Clock | None = None, out: TextIO | None = None
    ) -> None:
        self._place = place
        self._clock = clock or SystemClock()
        self._out: TextIO | None = out or sys.stdout
        self._panorama = Panorama(began_us=self._clock.steady_us())
        self._told_us = self._panorama.began_us
        self._arm = ""
        self._states: dict[str, str] = {}
        self._processes: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._level = ""
        for note in notes:
            self._line("note", msg=note)

    def take(self, message: Status | Health | Lit) -> None:
        """A process said how it is; a camera that changed is told at once, and so are the verdict and the alarm."""
        if isinstance(message, Lit):
            return  # lamps are for people who look
        self._panorama = with_message(self._panorama, message, self._clock.steady_us())
        if isinstance(message, Status):
            camera = self._panorama.camera(message.camera)
            if self._states.get(camera.name) != camera.state:
                self._states[camera.name] = camera.state
                self._camera(camera)
        else:
            self._verdict_and_alarm(message)

    def typed(self) -> str:
        """Nobody types here."""
        return ""

    def processes(self, children: Sequence[Child]) -> None:
        """How the processes are; one that changed is told at once."""
        self._panorama = with_processes(self._panorama, children)
        for process in self._panorama.processes:
            state = _state(process)
            if state and self._processes.get(process.name) != state:
                self._processes[process.name] = state
                self._line("process", name=process.name, state=state, pid=process.pid, restarts=process.restarts)

    def draw(self) -> None:
        """Print what is due."""
        now_us = self._clock.steady_us()
        self._tell_faults(now_us)
        if now_us - self._told_us >= EVERY_US:
            self._told_us = now_us
            for camera in self._panorama.cameras:
                self._camera(camera)
            self._kept(now_us)

    def ending(self) -> None:
        """Sealing takes a moment."""
        self._line("ending", msg="sealing what was recorded")
        self._told_us = self._clock.steady_us()

    def close(self) -> None:
        """Say what was recorded."""
        told = summary(self._panorama, self._clock.steady_us(), data=self._place.data, video=self._place.video)
        for line in told:
            self._print(line)

    def _camera(self, camera: CameraSight) -> None:
        status = camera.status
        if status is None:
            return
        self._line(
            "camera", camera=camera.name, state=status.state, mode=status.mode, fps=status.fps,
            bit_rate=status.bit_rate, pre_roll_s=status.pre_roll_s, durable_age_s=status.durable_age_s,
            motion=status.motion, segment=status.segment or -1,
            segment_bytes=status.segment_bytes if status.segment else -1,
            picture=status.picture_check, clock=status.clock, fault=status.fault,
        )  # fmt: skip

    def _verdict_and_alarm(self, health: Health) -> None:
        if health.level != self._level:
            self._level = health.level
            self._line("verdict", level=health.level, blinks=health.blinks)
        if health.arm != self._arm:
            self._arm = health.arm
            self._line("arm", state=health.arm)

    def _kept(self, now_us: int) -> None:
        health = self._panorama.health
        if health is None:
            return
        rate = self._panorama.bytes_a_second(now_us)
        self._line(
            "kept", free_bytes=health.free_bytes if health.total_bytes > 0 else -1,
            total_bytes=health.total_bytes or -1, video_bytes=health.video_bytes, segments=health.segments,
            bytes_a_second=-1 if rate is None else round(rate), fate=health.fate, full_days=health.full_days,
            kept_days=health.kept_days, log_id=health.log_id, entries=health.entries,
            checkpoint=health.checkpoint, clock=health.clock, faults=len(self._faults),
        )  # fmt: skip

    def _tell_faults(self, now_us: int) -> None:
        """A fault is told when it comes and when it goes, not as its seconds are counted."""
        found = {fault.key: fault.words for fault in faults(self._panorama, now_us)}
        for key, words in found.items():
            if key not in self._faults:
                self._line("fault", msg=words)
        for key, words in self._faults.items():
            if key not in found:
                self._line("fault-over", msg=words)
        # Each keeps the words with which it came.
        self._faults = {key: self._faults.get(key, words) for key, words in found.items()}

    def _line(self, what: str, **pairs: str | float | bool) -> None:
        """Print one line; what is not known (-1, or empty) is left out."""
        at = datetime.fromtimestamp(self._clock.wall_us() / SECOND_US, UTC).isoformat(timespec="milliseconds")
        known = {key: value for key, value in pairs.items() if value != "" and (isinstance(value, bool) or value != -1)}
        words = [f"at={at.replace('+00:00', 'Z')}", f"what={what}", *(f"{k}={_value(v)}" for k, v in known.items())]
        self._print(" ".join(words))

    def _print(self, line: str) -> None:
        if self._out is None:
            return
        try:
            print(line, file=self._out, flush=True)
        except OSError as error:
            self._out = None
            log.warning("nobody takes our lines any more (%s); recording goes on", error)


def _state(process: Process) -> str:
    if process.running:
        return "running"
    return "ended" if process.done else f"ended with {process.last_exit}" if process.last_exit else ""


def _value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = without_secrets(value)
    return text if not set(text) & set(' ="\\') and text.isprintable() else quoted(text)
