"""What a running recorder would say, for tests of whoever watches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vigil.events import Health, Status
from vigil.processes.panorama import Panorama, Process, with_message

SECOND = 1_000_000
BEGAN = 1_000 * SECOND

SOURCE = {"encoder": "libx264", "codec": "h264", "resolution": "1280x720"}
NOTE = "throw-away owner identity: /srv/vigil/owner.agekey (whoever has it can watch)"
REFUSED = (
    "the camera at rtsp://10.0.0.7/stream1 refuses the connection: is it plugged in, is the address right, "
    "and is RTSP switched on in its own settings?"
)


def status(camera: str = "demo", state: str = "recording", **given: Any) -> Status:
    """A camera that does well, but for what is given."""
    well = Status(
        camera=camera, state=state, mode="motion", fps=25.0, bit_rate=4_100_000, pre_roll_s=5.2, durable_age_s=0.8,
        motion_area_pm=0, segment=12, segment_bytes=14_200_000, pictures=1000, picture_check="ok", clock="synced",
        source=SOURCE,
    )  # fmt: skip
    return replace(well, **given)


def health(**given: Any) -> Health:
    """A guard that does well, but for what is given."""
    well = Health(
        log_id="3f9a2c1b77e01d42", entries=1204, checkpoint=1201, free_bytes=212_000_000_000,
        total_bytes=480_000_000_000, video_bytes=3_100_000_000, segments=52, clock="synced", level="ok", since_us=BEGAN,
    )  # fmt: skip
    return replace(well, **given)


def process(name: str, **given: Any) -> Process:
    """A process that runs since the beginning, but for what is given."""
    well = Process(
        name=name, pid=4711, since_us=BEGAN, restarts=0, retry_us=0, done=False, last_exit="",
    )  # fmt: skip
    return replace(well, **given)


def crashed(name: str, *, retry_us: int, restarts: int = 1) -> Process:
    """A process that was killed and waits to be started again."""
    return process(name, pid=0, restarts=restarts, retry_us=retry_us, last_exit="signal 9")


def watched(seconds: int, *cameras: Status, guard: Health | None = None) -> tuple[Panorama, int]:
    """
    A panorama after so many seconds of the same words, and the time then.

    Each second a camera that records writes half a megabyte; segments last a minute.
    """
    names = [one.camera for one in cameras]
    panorama = Panorama(
        began_us=BEGAN, processes=tuple(process(n) for n in ("signer", "guard", *(f"record@{name}" for name in names)))
    )
    now_us = BEGAN
    for second in range(1, seconds + 1):
        now_us = BEGAN + second * SECOND
        for one in cameras:
            panorama = with_message(panorama, _at(one, second), now_us)
        panorama = with_message(panorama, guard or health(), now_us)
    return panorama, now_us


def _at(one: Status, second: int) -> Status:
    if one.state != "recording":
        return one
    return replace(one, segment=one.segment + second // 60, segment_bytes=(second % 60) * 500_000)


def with_process(panorama: Panorama, *changed: Process) -> Panorama:
    """The panorama with some processes as given, the others as they are."""
    new = {one.name: one for one in changed}
    return replace(panorama, processes=tuple(new.get(one.name, one) for one in panorama.processes))


def texts(faults: Iterable[Any]) -> list[str]:
    """The sentences of faults."""
    return [fault.words for fault in faults]
