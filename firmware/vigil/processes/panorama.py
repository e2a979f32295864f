"""
What is known about a running recorder, put together from what its processes say.

Plain values that never change: each message makes a new `Panorama`. Times are
microseconds of the steady clock, of the moment a message arrived: a process
that falls silent is seen to grow old, and never looks as well as it last said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from vigil.config.redact import without_secrets
from vigil.events import Health, Lit, Status
from vigil.processes.panorama_lines import clean
from vigil.processes.panorama_panel import Lamps, lamps_of
from vigil.processes.panorama_words import Samples, with_sample
from vigil.processes.supervisor import Child

SECOND_US = 1_000_000
SILENT_US = 5 * SECOND_US
"""Who says how it is each second, and has not for so long, is silent."""

RECORDER = "record@"
_MEASURED_MINUTES = 60
_REMARKS = 20
_LONGEST = 2000  # characters of a sentence that one may want to read
_LARGEST = 10**18

M = TypeVar("M", bound=Status | Health)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSight:
    """
    One camera. `status` is its last word, None before the first.

    `segments` were begun and `written_bytes` reached the disk since we look;
    `first` and `last` are the numbers of these segments, 0 before there is one.
    """

    name: str
    status: Status | None = None
    heard_us: int = 0
    since_us: int = 0
    bit_rates: Samples = ()
    motions: Samples = ()
    segments: int = 0
    first: int = 0
    last: int = 0
    written_bytes: int = 0

    @property
    def state(self) -> str:
        """What the camera is doing, in its recorder's word; ``starting`` before the first one."""
        return self.status.state if self.status else "starting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of this recorder. `pid` is 0 while it does not run; `retry_us` says when it is started again."""

    name: str
    pid: int
    since_us: int
    restarts: int
    retry_us: int
    done: bool
    last_exit: str

    @property
    def running(self) -> bool:
        """Whether it ran when we last looked."""
        return self.pid > 0

    @property
    def restarting(self) -> bool:
        """Whether it ended badly and waits to be started again."""
        return not self.running and not self.done and bool(self.last_exit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A warning that a process wrote to its log."""

    at_us: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panorama:
    """Everything worth showing. `minutes` are (minute, bytes written in it), for the forecast."""

    began_us: int
    cameras: tuple[CameraSight, ...] = ()
    health: Health | None = None
    health_us: int = 0
    processes: tuple[Process, ...] = ()
    remarks: tuple[Remark, ...] = ()
    measured_us: int | None = None
    minutes: tuple[tuple[int, int], ...] = ()
    lamps: Lamps = ()

    def camera(self, name: str) -> CameraSight:
        """Return what is known about a camera; nothing, for one never heard of."""
        return next((one for one in self.cameras if one.name == name), CameraSight(name=name, since_us=self.began_us))

    def recorder(self, camera: CameraSight) -> Process | None:
        """Return the process that records a camera."""
        return next((one for one in self.processes if one.name == RECORDER + camera.name), None)

    def silent_s(self, camera: CameraSight, now_us: int) -> float:
        """Return for how many seconds a recorder that should speak has been silent, 0 while it speaks."""
        process = self.recorder(camera)
        if camera.state in ("ended", "stopped") or (process and (process.done or process.restarting)):
            return 0.0
        silent_us = now_us - max(camera.heard_us, self.began_us, process.since_us if process else 0)
        return silent_us / SECOND_US if silent_us >= SILENT_US else 0.0

    def condition(self, camera: CameraSight, now_us: int) -> str:
        """Return the camera's state as we may believe it: its recorder's last word counts while it lives and speaks."""
        process = self.recorder(camera)
        if process and process.restarting:
            return "down"
        if self.silent_s(camera, now_us):
            return "no word"
        if process and process.running and process.since_us > camera.heard_us:
            return "starting"
        return camera.state

    def guard_silent_s(self, now_us: int) -> float:
        """Return for how many seconds guard, through whom all words come, has been silent, 0 while it speaks."""
        silent_us = now_us - (self.health_us or self.began_us)
        return silent_us / SECOND_US if silent_us >= SILENT_US else 0.0

    def bytes_a_second(self, now_us: int) -> float | None:
        """Return how much has been written each second of the last hour, None before half a minute was measured."""
        if self.measured_us is None or now_us - self.measured_us < 30 * SECOND_US:
            return None
        window_us = now_us % (60 * SECOND_US) + (_MEASURED_MINUTES - 1) * 60 * SECOND_US
        measured_us = min(now_us - self.measured_us, window_us)
        oldest = _minute(now_us) - _MEASURED_MINUTES
        return sum(count for minute, count in self.minutes if minute > oldest) * SECOND_US / measured_us


def with_message(panorama: Panorama, message: Status | Health, now_us: int) -> Panorama:
    """Return what is known after a message."""
    message = _sane(message)
    if isinstance(message, Health):
        return replace(panorama, health=message, health_us=now_us)
    before = panorama.camera(message.camera)
    after = _heard(before, message, now_us)
    panorama = _with_camera(panorama, after)
    first_word = panorama.measured_us is None
    # What a recorder had written before we began to look must not count as written in a moment.
    written = 0 if before.status is None else after.written_bytes - before.written_bytes
    return replace(
        panorama,
        measured_us=now_us if first_word else panorama.measured_us,
        minutes=_with_bytes(panorama.minutes, _minute(now_us), written),
    )


def with_lamps(panorama: Panorama, lit: Lit) -> Panorama:
    """Return what is known after a simulated panel has said how bright its lamps are; the same where none looks new."""
    lamps = lamps_of(lit.levels)
    return panorama if lamps == panorama.lamps else replace(panorama, lamps=lamps)


def with_processes(panorama: Panorama, children: Sequence[Child]) -> Panorama:
    """Return what is known after a look at the processes; a recorder's camera is known from then on."""
    processes = tuple(_process(child) for child in children)
    if processes == panorama.processes:
        return panorama
    known = {camera.name for camera in panorama.cameras}
    names = (one.name.removeprefix(RECORDER) for one in processes if one.name.startswith(RECORDER))
    new = tuple(panorama.camera(name) for name in names if name not in known)
    return replace(panorama, processes=processes, cameras=panorama.cameras + new)


def with_remarks(panorama: Panorama, words: Sequence[str], wall_us: int) -> Panorama:
    """Return what is known after processes wrote these warnings; only the newest are kept."""
    if not words:
        return panorama
    new = tuple(Remark(at_us=wall_us, words=clean(one)) for one in words)
    return replace(panorama, remarks=(panorama.remarks + new)[-_REMARKS:])


def _sane(message: M) -> M:
    """Return a message as it may be shown: no secrets, no commands to a terminal, no number beyond all measure."""
    return replace(message, **{one.name: _sane_value(getattr(message, one.name)) for one in fields(message)})


def _sane_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(without_secrets(value[:_LONGEST]))
    if isinstance(value, dict):
        return {key: _sane_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_sane_value(one) for one in value]
    # NaN compares with nothing, and so becomes unknown too.
    return value if -1 <= value < _LARGEST else -1


def _heard(before: CameraSight, status: Status, now_us: int) -> CameraSight:
    second = now_us // SECOND_US
    began = status.segment > 0 and status.segment != before.last
    had = before.status.segment_bytes if before.status and not began else 0
    # What moves less than the owner asked for is not motion, and would hide how large real motion was.
    area = status.motion * (status.motion_area_pm if status.motion_area_pm > 0 else 1)
    return replace(
        before,
        status=status,
        heard_us=now_us,
        since_us=_began_us(before, status, now_us),
        bit_rates=with_sample(before.bit_rates, second, status.bit_rate) if status.bit_rate >= 0 else before.bit_rates,
        motions=with_sample(before.motions, second, area) if sees_motion(status) else before.motions,
        segments=before.segments + began,
        first=before.first or status.segment,
        last=status.segment or before.last,
        written_bytes=before.written_bytes + (max(0, status.segment_bytes - had) if status.segment else 0),
    )


def _began_us(before: CameraSight, status: Status, now_us: int) -> int:
    """Return since when a camera is as it is: it says so itself, or it is since we first heard of it."""
    if 0 < status.since_us <= now_us:
        return status.since_us
    return before.since_us if before.status and before.state == status.state else now_us


def is_watched(status: Status) -> bool:
    """Say whether somebody looks for motion: a camera that records everything may do without."""
    return status.mode != "continuous" or status.motion or status.motion_area_pm >= 0


def sees_motion(status: Status) -> bool:
    """Say whether motion would be seen now: somebody looks, and there are pictures to look at."""
    return is_watched(status) and status.state in ("recording", "watching", "disk fault", "unclaimed", "paused")


def _with_camera(panorama: Panorama, camera: CameraSight) -> Panorama:
    if any(one.name == camera.name for one in panorama.cameras):
        cameras = tuple(camera if one.name == camera.name else one for one in panorama.cameras)
    else:
        cameras = (*panorama.cameras, camera)
    return replace(panorama, cameras=cameras)


def _with_bytes(minutes: tuple[tuple[int, int], ...], minute: int, count: int) -> tuple[tuple[int, int], ...]:
    if minutes and minutes[-1][0] == minute:
        return (*minutes[:-1], (minute, minutes[-1][1] + count))
    return (*(one for one in minutes if one[0] > minute - _MEASURED_MINUTES), (minute, count))


def _minute(at_us: int) -> int:
    return at_us // (60 * SECOND_US)


def _process(child: Child) -> Process:
    return Process(
        name=child.name,
        pid=child.process.pid if child.process and child.alive else 0,
        since_us=child.since_us,
        restarts=child.restarts,
        retry_us=child.retry_us,
        done=child.done,
        last_exit=child.last_exit,
    )
