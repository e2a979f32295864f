"""One camera's post in the process `record`: everything that belongs to it, how it is made, and how it says it is."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

import vigil
from vigil.cameras.backoff import Backoff
from vigil.cameras.choose import open_source, prompt
from vigil.cameras.keeper import Keeper, Stage
from vigil.cameras.source import Wishes
from vigil.clock import Clock
from vigil.config.model import Camera
from vigil.events import Status
from vigil.frames.instructions import Mode
from vigil.frames.take import Take
from vigil.processes.camera_recorder import CameraRecorder, Watcher
from vigil.processes.hub import HubClient
from vigil.processes.privacy import Privacy
from vigil.processes.pulse import Pulse, Sign
from vigil.processes.settings import Settings
from vigil.segments.mp4_file import Mp4File
from vigil.segments.session import Session
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.read_back import ReadBack
from vigil.store.recording import Recording
from vigil.store.room import Room

SIGNER_EVERY_US = 2_000_000


@dataclass(slots=True)
class Post:
    """Everything that belongs to one camera in this process."""

    recorder: CameraRecorder
    recording: Recording
    session: Session
    hub: HubClient
    read_back: ReadBack
    privacy: Privacy
    reader: threading.Thread
    pulse: Pulse
    claimed: bool
    """Whether the box has an owner: before, no picture is kept."""
    asked_us: int = -SIGNER_EVERY_US
    asking: threading.Thread | None = None
    told_uncertified: bool = False
    told: tuple[int, int] = (0, 0)
    state: str = ""
    since_us: int = 0
    stopped: bool = False
    short_since_us: int | None = None

    @property
    def name(self) -> str:
        """What the process is called where it speaks for this camera."""
        return f"record@{self.recorder.camera.id}"

    def sign(self) -> Sign:
        """What shows whether it does what it promised."""
        recorder, recording = self.recorder, self.recording
        return Sign(
            round_us=recorder.round_us, pictures=recorder.meter.pictures, written=recording.store.stated,
            reading=not recorder.ended, up=recorder.stage is Stage.UP, claimed=self.claimed, fault=recording.fault,
        )  # fmt: skip

    def status(self, now_us: int, *, trust: str) -> Status:
        """How the camera is, for guard and whoever looks; `now_us` on the steady clock."""
        recorder, recording = self.recorder, self.recording
        fps, bit_rate = recorder.meter.rates()
        if (state := self._state()) != self.state:
            self.state, self.since_us = state, now_us
        current = recording.store.current
        durable = recording.durable_at_us
        return Status(
            camera=recorder.camera.id,
            state=self.state,
            since_us=self.since_us,
            mode=recorder.camera.mode,
            fps=round(fps, 2),
            bit_rate=bit_rate,
            pre_roll_s=round(recorder.take.ring.held_s, 1),
            durable_age_s=round((now_us - durable) / 1_000_000, 2) if durable is not None else -1.0,
            motion=recorder.moving,
            motion_area_pm=recorder.area_pm,
            segment=current.seq if current and recording.store.open_for == "media" else 0,
            segment_bytes=recording.segment_bytes,
            waiting_bytes=recording.waiting_bytes,
            pictures=recorder.meter.pictures,
            picture_check=recorder.picture_check,
            clock=trust,
            fault=str(recording.fault or recorder.reason),
            paused_by="" if recorder.take.recording else self.privacy.who or "the configuration",
            source=recorder.describe(),
        )

    def _state(self) -> str:
        if self.recorder.stage is Stage.ENDED:
            return "ended"
        if self.stopped:
            return "stopped"
        if self.recorder.stage is Stage.LOST:
            return "lost"
        if not self.claimed:
            return "unclaimed"
        if self.recording.fault:
            return "disk fault"
        if not self.recorder.take.recording:
            return "paused"
        if not self.recorder.sends:
            return "opening"
        # Between two files of one take the pictures wait in memory for the next: that is recording, too.
        waiting = self.recording.store.open_for == "media" or self.recording.waiting_bytes
        return "recording" if waiting else "watching"


def make_post(
    settings: Settings, camera: Camera, *, clock: Clock, disk: Disk, boot: str, arrived: Callable[[], None]
) -> Post:
    """
    Set up everything for a camera; nothing is opened and no thread started yet.

    `boot` names this start of the machine; `arrived` is called by the thread that
    reads the camera when there is something that should not wait.
    """
    config, place = settings.salvage.config, settings.place
    session = Session(os.urandom)
    store = CameraStore(
        disk, place.video, camera.id, session=session, clock=clock, boot=boot, store_id=place.known_store()
    )
    room = Room(
        disk, place.video, reserve_bytes=config.storage.reserve_bytes, deletes=config.storage.delete,
        gives_up_stars=config.storage.give_up_stars,
    )  # fmt: skip
    recording = Recording(
        store, room, recipients=settings.recipients, clock=clock, random_bytes=os.urandom,
        segment_s=config.recording.segment_s, loss_s=config.recording.loss_s, limit_bytes=config.recording.ring_bytes,
    )  # fmt: skip
    watcher = _watcher(camera, clock)
    wishes = Wishes(keyframe_distance_s=camera.pre_roll_s / 2, luma=watcher is not None, audio=camera.audio)
    privacy = Privacy(disk, place, camera.id)
    take = Take(
        mode=Mode(camera.mode), started_us=clock.steady_us(), pre_roll_s=camera.pre_roll_s,
        post_roll_s=camera.post_roll_s, late_s=_late_s(camera), limit_bytes=config.recording.ring_bytes,
        recording=camera.record and not privacy.who,
    )  # fmt: skip
    recorder = CameraRecorder(
        camera,
        keeper=lambda changed: Keeper(
            lambda: open_source(camera, wishes, clock, data_dir=place.data, open_mp4=Mp4File),
            clock, backoff=Backoff(random.random), on_change=changed,
        ),
        take=take, recording=recording, watcher=watcher, clock=clock,
        limit_bytes=config.recording.ring_bytes, arrived=arrived, prompt=prompt(camera, wishes),
    )  # fmt: skip
    return Post(
        recorder, recording, session,
        hub=HubClient(place.hub, f"record@{camera.id}", version=vigil.__version__),
        read_back=ReadBack(disk, every=config.storage.read_back_every),
        privacy=privacy,
        reader=threading.Thread(target=recorder.read, name=f"read-{camera.id}", daemon=True),
        pulse=Pulse.begin(clock.steady_us(), limit_s=max(camera.read_timeout_s, camera.connect_timeout_s)),
        claimed=bool(settings.recipients),
    )  # fmt: skip


def _watcher(camera: Camera, clock: Clock) -> Watcher | None:
    if camera.motion.method == "off" and camera.mode == "continuous":
        return None
    from vigil.processes.watcher import PictureWatcher

    return PictureWatcher(camera, clock)


def _late_s(camera: Camera) -> float:
    """Motion takes a few pictures to be sure; keyframes are seconds apart."""
    return 6.0 if camera.source in ("rtsp", "replay") and not camera.sub_url else 1.5
