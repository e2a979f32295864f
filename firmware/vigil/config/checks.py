"""What must hold between settings, when each of them is right by itself."""

from __future__ import annotations

from collections.abc import Sequence

from vigil.config.kinds import grouped
from vigil.config.model import Camera, Config, Recording
from vigil.config.model_panel import Lamps
from vigil.config.model_storage import Storage
from vigil.config.model_ups import Ups

CAMERAS_AT_MOST = 64

LINES = (
    ("button", "gpio"),
    ("lamps", "status_gpio"),
    ("lamps", "arm_gpio"),
    ("lamps", "fault_gpio"),
    ("lamps", "buzzer_gpio"),
    ("lamps", "siren_gpio"),
)
"""The settings that name a line of the header (GPIO number, 0: none), those that matter most first."""

ENDING_S = 90
"""A shutdown in good order takes half a minute at most for each of three rounds: recorders, guard, the file systems."""

_PEAK = 1.5
"""An encoder under rate control overshoots its average for some seconds; half as much again is ample."""


THRESHOLDS = ("free_start_bytes", "free_target_bytes", "free_start_pct", "free_target_pct")
"""The settings of `[storage]` that belong together: where one is no good, all are taken from elsewhere."""


def storage_problem(storage: Storage) -> str:
    """Return what is wrong between the settings of `[storage]`, or nothing."""
    start, target = storage.free_start_pct, storage.free_target_pct
    if start or target:
        # A file with every setting in it has the bytes at their defaults, and must remain one that can be edited.
        usual = Storage()
        if any(getattr(storage, key) != getattr(usual, key) for key in ("free_start_bytes", "free_target_bytes")):
            return "storage.free_start_pct: give the room to keep free in bytes or in percent, not in both"
        if not (start and target):
            missing = "free_target_pct" if start else "free_start_pct"
            return f"storage.{missing}: missing; give both free_start_pct and free_target_pct"
        if target <= start:
            return (
                f"storage.free_target_pct = {target}: give more than free_start_pct ({start}), "
                "or deleting would start again at once"
            )
    elif storage.free_target_bytes <= storage.free_start_bytes:
        return (
            f"storage.free_target_bytes = {grouped(storage.free_target_bytes)}: give more than free_start_bytes "
            f"({grouped(storage.free_start_bytes)}), or deleting would start again at once"
        )
    return ""


def ups_problem(ups: Ups) -> str:
    """Return why the box could not be off before the battery is empty, or nothing."""
    least = ups.shutdown_delay_s + ENDING_S
    if ups.enabled and ups.critical_runtime_threshold_s < least:
        return (
            f"ups.critical_runtime_threshold_s = {ups.critical_runtime_threshold_s}: give at least {least}, which is "
            f"shutdown_delay_s and {ENDING_S} s for the end of everything that runs"
        )
    return ""


def ring_problems(cameras: Sequence[Camera], recording: Recording) -> list[str]:
    """Return a sentence for each camera whose pre-roll cannot fit into the memory allowed for it."""
    return [
        f"camera.{camera.id}.pre_roll_s = {camera.pre_roll_s}: at {camera.bit_rate_kbps} kbit/s this takes about "
        f"{grouped(need)} bytes, more than recording.ring_bytes ({grouped(recording.ring_bytes)})"
        for camera in cameras
        if camera.source in {"synthetic", "v4l2", "picamera2"}
        and (need := round(camera.pre_roll_s * camera.bit_rate_kbps * 125 * _PEAK)) > recording.ring_bytes
    ]


def motion_problems(cameras: Sequence[Camera]) -> list[str]:
    """Return a sentence for each camera that waits for motion which nobody looks for."""
    return [
        f'camera.{camera.id}.motion.method = "off": mode {camera.mode} waits for motion; give "blocks" or "mog2"'
        for camera in cameras
        if camera.mode != "continuous" and camera.motion.method == "off"
    ]


def rival_problem(camera: Camera, earlier: Sequence[Camera]) -> str:
    """Return why `camera` cannot be opened beside those `earlier` in the file, or nothing."""
    for other in earlier:
        if not (camera.enabled and other.enabled):
            continue
        if camera.source == other.source == "v4l2" and camera.device == other.device:
            return f"camera.{camera.id}.device: camera {other.id} uses {camera.device} already"
        if camera.source == other.source == "picamera2" and camera.index == other.index:
            return f"camera.{camera.id}.index: camera {other.id} uses number {camera.index} already"
    return ""


def quiet_problem(lamps: Lamps) -> str:
    """Return what is wrong between the quiet hours' ends, or nothing."""
    if bool(lamps.quiet_from) != bool(lamps.quiet_to):
        return "lamps.quiet_from, lamps.quiet_to: give both, or none"
    return ""


def rival_lines(config: Config) -> dict[tuple[str, str], str]:
    """Return for each setting (table, key) that names a line which another one before it has: what is wrong with it."""
    problems: dict[tuple[str, str], str] = {}
    taken: dict[int, str] = {}
    for table, key in LINES:
        gpio = getattr(getattr(config, table), key)
        if gpio in taken:
            problems[table, key] = f"{table}.{key} = {gpio}: {taken[gpio]} uses this line already"
        elif gpio:
            taken[gpio] = f"{table}.{key}"
    return problems
