"""What is wrong with a running recorder, in plain sentences, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vigil.events import Status
from vigil.processes.panorama import SECOND_US, CameraSight, Panorama
from vigil.processes.panorama_verdict import told_by_guard
from vigil.processes.panorama_words import counted, span

PICTURE_IS_WELL = ("", "ok", "not checked")
_LATE_S = 12.0  # `loss_s` is 10 at most; whoever is later does not keep a promise

_UNCLAIMED = (
    "nobody owns this recorder yet, so nothing is written to the disk: hold its button for ten seconds, "
    "then `vigil claim take` (docs/guide/claiming.md)"
)

_PICTURES = {
    "frozen": "its picture stands still: the camera sends the same one again and again, and may need a restart",
    "black": "its picture has gone black: is something in front of the lens?",
}


class Fault(NamedTuple):
    """A sentence, and what stays the same while its seconds are counted."""

    key: str
    words: str


def faults(panorama: Panorama, now_us: int) -> list[Fault]:
    """Return every fault there is now as a sentence. One that explains others stands for them."""
    found = list(_processes(panorama, now_us))
    deaf_s = panorama.guard_silent_s(now_us)
    if deaf_s:
        # All words come through guard: without it we know nothing newer of the cameras, and they miss nothing.
        words = f"no word from guard for {span(deaf_s)}: the cameras go on recording; what is shown of them is that old"
        found.append(Fault("guard is silent", words))
    else:
        for camera in panorama.cameras:
            found += _camera(panorama, camera, now_us)
    return found + [Fault(key, words) for key, words in told_by_guard(panorama)]


def _processes(panorama: Panorama, now_us: int) -> Iterator[Fault]:
    for process in panorama.processes:
        if process.restarting:
            wait_s = max(0, process.retry_us - now_us) / SECOND_US
            again = f"in {span(wait_s)}" if wait_s >= 1 else "now"
            words = f"{process.name} ended with {process.last_exit} and is started again {again}"
            yield Fault(f"{process.name} is down", f"{words} ({counted(process.restarts, 'restart')} so far)")


def _camera(panorama: Panorama, camera: CameraSight, now_us: int) -> Iterator[Fault]:
    silent_s = panorama.silent_s(camera, now_us)
    status = camera.status
    if silent_s:
        yield Fault(f"{camera.name} is silent", f"{camera.name}: no word from its recorder for {span(silent_s)}")
    if status is None or panorama.condition(camera, now_us) != status.state:
        return
    for words in _said(status):
        yield Fault(f"{camera.name}: {words}", f"{camera.name}: {words}")
    if status.state == "recording" and status.durable_age_s > _LATE_S:
        late = f"nothing has become safe on the disk for {span(status.durable_age_s)}"
        yield Fault(f"{camera.name} is late", f"{camera.name}: {late}")


def _said(status: Status) -> Iterator[str]:
    if status.state == "ended":
        return  # that a file has an end is no fault
    if status.fault:
        yield status.fault
    elif status.state in ("lost", "disk fault"):
        yield f"{status.state}, and its recorder does not say why"
    if status.state == "unclaimed":
        yield _UNCLAIMED
    if status.picture_check not in PICTURE_IS_WELL:
        yield _PICTURES.get(status.picture_check, f"its picture is not well: {status.picture_check}")
