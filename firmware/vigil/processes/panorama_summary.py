"""What is told when a run ends: what was recorded, where it lies, who can open it, and what to try next."""

from __future__ import annotations

import shlex
from pathlib import Path

from vigil.processes import panorama_words as words
from vigil.processes.panorama import SECOND_US, CameraSight, Panorama


def summary(panorama: Panorama, now_us: int, *, data: Path, video: Path) -> list[str]:
    """Return the end's lines. `data` is the data directory, `video` where the recordings lie."""
    lasted = words.span((now_us - panorama.began_us) / SECOND_US)
    written = [camera for camera in panorama.cameras if camera.segments]
    if not written:
        return [f"Ran for {lasted}. Nothing was recorded."]
    width = max(len(camera.name) for camera in written)
    lines = [f"Ran for {lasted}. Recorded, sealed, in {video}:"]
    lines += [f"  {camera.name:<{width}}  {_segments(camera)}" for camera in written]
    commands = _commands(shlex.quote(str(data)), written[0].name)
    width = max(len(command) for command, _ in commands)
    return [*lines, "Next:", *(f"  {command:<{width}}  {why}" for command, why in commands)]


def _segments(camera: CameraSight) -> str:
    count = words.counted(camera.segments, "segment")
    numbers = str(camera.first) if camera.first == camera.last else f"{camera.first} to {camera.last}"
    return f"{count} ({numbers}), about {words.size(camera.written_bytes)}"


def _commands(data: str, camera: str) -> list[tuple[str, str]]:
    return [
        (f"vigil list --data {data}", "what there is"),
        (f"vigil export --data {data} --camera {camera}", "a film to watch"),
        (f"vigil verify {data}", "whether it is still what was recorded"),
    ]
