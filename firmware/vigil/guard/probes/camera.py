"""Does this camera do what its mode promises? Its recorder says so every second."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.events import Status
from vigil.guard.faults import Blink, FaultKind, Finding, Level, unknown
from vigil.guard.probe import Probe

LATE_S = 12.0
"""`loss_s` is 10 at most; whoever is later than that and a round of the recorder does not keep a promise."""

BETWEEN_KEYFRAMES_S = 30.0
"""Where only keyframes are kept, so long may pass from one to the next."""

_UP = ("recording", "watching")
_CAMERA, _PICTURE = "camera {}", "picture of {}"


def look(said: Status) -> Iterator[Finding]:
    """Say what is wrong with one camera, by its recorder's last word."""
    if said.state == "ended":
        return  # that a file has an end is no fault
    yield from (Finding(one.id, said.camera, one.why) for one in (*_state(said), *_pictures(said)))
    if said.clock in ("unsynced", "stepped"):
        yield Finding("camera.clock", said.camera, f"what it records bears the label “{said.clock}”")


def _state(said: Status) -> Iterator[Finding]:
    if said.state == "disk fault":
        yield Finding("camera.disk", why=said.fault)
    elif said.state == "lost" or said.fault:
        yield Finding("camera.lost", why=said.fault)
    elif said.state == "unclaimed":
        yield Finding("camera.unclaimed")
    elif said.state == "paused":
        yield Finding("camera.paused")
    elif said.state == "stopped":
        yield Finding("camera.stopped")
    elif said.state not in _UP:
        yield Finding("camera.opening")
    may_wait_s = 0.0 if said.mode == "continuous" else BETWEEN_KEYFRAMES_S
    if said.state == "recording" and said.durable_age_s > LATE_S + may_wait_s:
        yield Finding("camera.late", why=f"nothing has become safe on the disk for {said.durable_age_s:.0f} s")


def _pictures(said: Status) -> Iterator[Finding]:
    if said.state in _UP and said.fps == 0:
        yield Finding("camera.still")
    if said.picture_check == "frozen":
        yield Finding("camera.frozen", why="the picture is frozen")
    elif said.picture_check == "black":
        yield Finding("camera.black", why="the picture is black")


def _kind(word: str, level: Level, means: str, do: str, *, what: str = _CAMERA) -> FaultKind:
    return FaultKind(id=f"camera.{word}", level=level, blink=Blink.CAMERA, what=what, means=means, do=do)


PROBE = Probe(
    name="camera",
    evidence=Status,
    look=look,
    subject_of=lambda said: said.camera,
    is_final=lambda said: said.state == "ended",
    # A disk that stalls keeps a recorder from speaking, and so does its restart on a slow board.
    lasts_s=15,
    faults=(
        _kind(
            "lost", Level.FAILED, "The camera is away: nothing of it is recorded. It is tried again for ever.",
            "Read why. Look at its power and its cable, then at its address or device in `vigil.toml`.",
        ),
        _kind(
            "disk", Level.FAILED, "The disk refuses: pictures wait in memory, and the oldest of them will be lost.",
            "Read why. Look whether the right disk is there, whether it is full, and replace one that fails.",
        ),
        _kind(
            "late", Level.FAILED,
            "Pictures arrive, but reach the disk later than promised: a power cut would cost them.",
            "Look for a disk that is too slow or dying; `vigil check` reads what is there.",
        ),
        _kind(
            "still", Level.FAILED, "The camera is open and sends no picture.",
            "Wait for it to be opened again; if it stays so, take its power away for a moment.",
        ),
        _kind(
            "frozen", Level.FAILED, "The camera sends the same picture again and again: what happens is not seen.",
            "Restart the camera: take its power away for a moment.", what=_PICTURE,
        ),
        _kind(
            "black", Level.WARNING, "The picture is black at an hour at which it never was.",
            "Look whether something covers the lens, or a lamp has failed.", what=_PICTURE,
        ),
        _kind(
            "unclaimed", Level.WARNING, "Nobody owns this recorder yet, so nothing is written to the disk.",
            "`vigil keys new` makes a key; its recipient goes into `vigil.toml`.",
        ),
        _kind(
            "stopped", Level.NOTICE, "Somebody ended its recorder; its files are sealed.",
            "Start it again if that was not meant: `systemctl start 'vigil-record*'`, or restart the box.",
        ),
        _kind("paused", Level.NOTICE, "The owner does not want it recorded.", "`vigil resume` goes on."),
        _kind("opening", Level.NOTICE, "The camera is being opened, or has sent no picture yet.", "Wait a moment."),
        _kind(
            "clock", Level.NOTICE, "Its recordings say of themselves that their times may be off.",
            "Look at the box's clock (`clock.*`).",
        ),
        unknown(
            "camera", Blink.CAMERA, _CAMERA, "Its recorder says nothing: whether it records is not known.",
            "Wait for half a minute: it is started again by itself. If it stays so, read its log and restart the box.",
        ),
    ),
)  # fmt: skip
