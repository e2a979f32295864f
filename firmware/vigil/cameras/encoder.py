"""Which H.264 encoder this board should use, decided from facts alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from vigil.errors import CameraLost

HARDWARE, SOFTWARE = "h264_v4l2m2m", "libx264"

HARDWARE_PIXELS_PER_S = 1920 * 1088 * 30
"""The limit of the encoder in the Pi 1 to 4 and Zero 2 (level 4.0; Raspberry Pi's documentation of their cameras)."""

HARDWARE_LONGEST_SIDE = 1920


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """
    The facts.

    `model` as the device tree says it, or empty. `cores` of the processor.
    `encoders` that FFmpeg offers. `hardware_encoder` says whether the kernel
    offers a video device that encodes (`bcm2835-codec-encode`): FFmpeg lists
    its name on every machine.
    """

    model: str = ""
    cores: int = 1
    encoders: frozenset[str] = frozenset()
    hardware_encoder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An encoder, how to open it, and why it is this one."""

    name: str
    why: str
    pixel_format: str = "yuv420p"
    threads: int = 1
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the encoder is to make; a keyframe comes at least every `keyframe_distance_s`."""

    width: int
    height: int
    fps: float
    bit_rate_kbps: int
    keyframe_distance_s: float


def choose(board: Board, target: Target) -> Plan:
    """
    Return the cheapest encoder that can do it. Raises `CameraLost` when the board has none.

    The one in hardware wherever it is and suffices; otherwise libx264, whose
    effort follows from the number of cores.
    """
    reason = _unfit(board, target)
    if not reason:
        return Plan(name=HARDWARE, why="encoded in hardware")
    if SOFTWARE not in board.encoders:
        raise CameraLost(f"no encoder: {reason}, and FFmpeg here has no {SOFTWARE}; use a camera that sends H.264")
    return Plan(
        name=SOFTWARE,
        why=reason,
        # One core stays free for recording.
        threads=max(1, min(4, board.cores - 1)),
        options=software_options(board.cores, target.bit_rate_kbps),
    )


def software_options(cores: int, bit_rate_kbps: int) -> dict[str, str]:
    """
    Return libx264's options: no delay, real keyframes when asked, a bit rate that holds within a second.

    `superfast` costs a fifth more than `ultrafast` (10.9 against 9.1 ms for a
    1080p picture on one x86-64 core) and looks better for it; `veryfast` costs
    twice as much. Boards with few cores cannot spare the fifth.
    """
    return {
        "preset": "superfast" if cores >= 4 else "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "maxrate": f"{bit_rate_kbps}k",
        "bufsize": f"{bit_rate_kbps}k",
    }


def encodes(device_names: Collection[str]) -> bool:
    """Say whether one of the kernel's video devices (by the name it gives) encodes H.264."""
    return any(name.endswith("codec-encode") for name in device_names)


def _unfit(board: Board, target: Target) -> str:
    """Say why the encoder in hardware is not used, or nothing."""
    width, height, fps = target.width, target.height, target.fps
    if not board.hardware_encoder:
        return f"{board.model or 'this board'} has no encoder in hardware"
    if HARDWARE not in board.encoders:
        return f"FFmpeg here has no {HARDWARE}"
    if max(width, height) > HARDWARE_LONGEST_SIDE or width * height * fps > HARDWARE_PIXELS_PER_S:
        return f"{width}x{height} at {fps:g} pictures a second is more than the hardware encodes"
    return ""
