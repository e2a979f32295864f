"""The process `record@CAMERA`: records one camera, or several on a small board, whoever else is alive."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import vigil
from vigil import logs
from vigil.cameras.backoff import Backoff
from vigil.cameras.choose import open_source, prompt
from vigil.cameras.keeper import Keeper, Stage
from vigil.cameras.source import Wishes
from vigil.clock import Clock, SystemClock
from vigil.clock.kernel import boot_id, look, synchronised
from vigil.clock.trust import Watch
from vigil.config.model import Camera
from vigil.errors import PeerError
from vigil.events import Answer, Checkpoint, Cue, Delete, LogLevel, Message, Pause, Status, Written
from vigil.frames.instructions import Mode
from vigil.frames.take import Take
from vigil.processes import signer
from vigil.processes.camera_recorder import CameraRecorder
from vigil.processes.ending import set_when_asked
from vigil.processes.hub import HubClient
from vigil.processes.memory import spare
from vigil.processes.notify import Notifier
from vigil.processes.privacy import Privacy
from vigil.processes.pulse import Pulse, Sign
from vigil.processes.settings import Settings, load, load_watch
from vigil.processes.wake import Wake
from vigil.segments.mp4_file import Mp4File
from vigil.segments.session import Session
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.read_back import ReadBack
from vigil.store.recording import Recording
from vigil.store.room import Room

log = logging.getLogger(__name__)
STEP_S = 0.1
"""Pictures are looked at so often at most; what comes in between waits."""
_LOOK_US = 1_250_000
"""Whatever happens, everything is looked at so often: a little later than a flush, so that this is one wake-up."""
_EVERY_US = 900_000
"""At the first look after this, which comes about once a second, guard is told and the clock looked at."""
_SIGNER_EVERY_US = 2_000_000
_LAST_LOOKS, _LAST_LOOK_S = 100, 0.05
"""How long all cameras together may take to let go: whoever ends us has little patience."""
_GUARD_SILENT_US = 5_000_000


@dataclass(slots=True)
class Post:
    """Everything that belongs to one camera in this process."""

    recorder: CameraRecorder
    recording: Recording
    session: Session
    hub: HubClient
    room: Room
    read_back: ReadBack
    privacy: Privacy
    reader: threading.Thread
    pulse: Pulse
    asked_us: int = -_SIGNER_EVERY_US
    asking: threading.Thread | None = None
    told_uncertified: bool = False
    told: tuple[int, int] = (0, 0)
    state: str = ""
    since_us: int = 0
    stopped: bool = False
    short_since_us: int | None = None


class Recorder:
    """The process: posts, the clock's trust, and the loop."""

    def __init__(self, settings: Settings, cameras: Sequence[Camera], *, clock: Clock, disk: Disk) -> None:
        self._settings = settings
        self._clock = clock
        self._disk = disk
        self._boot = boot_id()
        self._watch: Watch = load_watch(disk, settings.place, built_us=vigil.BUILT_US)
        self.wake = Wake()
        self._posts = [self._post(camera) for camera in cameras]
        self._heard: set[int] = set()
        self._told_us = 0
        self._notifier = Notifier.of_this_process(clock)

    def run(self, stop: threading.Event) -> None:
        """Record until `stop`, then seal."""
        for post in self._posts:
            post.recording.open()
            if not self._settings.recipients:
                log.warning("nobody owns this box yet: no pictures are written to the disk")
            if not post.recorder.prompt:
                post.reader.start()
        self._notifier.ready()
        while not stop.is_set() and not all(post.recorder.ended for post in self._posts):
            self.step()
            self._sleep()
        self._notifier.stopping()
        for post in self._posts:
            post.recorder.stop()
            # Once we are gone nobody can vouch any more for what we said.
            self._certify(post, self._clock.steady_us(), at_once=True)
        self._wait_for_the_last()
        for post in self._posts:
            post.recorder.close("recording was stopped" if stop.is_set() else "the file ended")
            post.stopped = True
            self._tell(post)
            post.hub.close()

    def _wait_for_the_last(self) -> None:
        """Wait for the last pictures and certificates, a little while; what has come does not wait with us."""
        for _ in range(_LAST_LOOKS):
            threads = [thread for post in self._posts for thread in (post.reader, post.asking) if thread]
            if not (alive := next((thread for thread in threads if thread.is_alive()), None)):
                return
            alive.join(timeout=_LAST_LOOK_S)
            for post in self._posts:
                post.recorder.step()

    def step(self) -> None:
        """One round for every camera."""
        now_us = self._clock.steady_us()
        for post in self._posts:
            post.recorder.step()
            self._housekeeping(post, now_us)
        if now_us - self._told_us >= _EVERY_US:
            self._told_us = now_us
            self._look_at_the_clock()
            for post in self._posts:
                post.hub.connect()
                self._certify(post, now_us)
                if who := post.privacy.look():
                    post.recorder.pause(paused=True, who=who)
                self._tell(post)
            self._notifier.feed(self._hung)

    def _sleep(self) -> None:
        """Wait for pictures, for guard, or for what is due by time."""
        now_us = self._clock.steady_us()
        due_us = min(now_us + _LOOK_US, *(post.recorder.due_us(now_us) for post in self._posts))
        hubs = [post.hub.fileno() for post in self._posts]
        self._heard = self.wake.wait(hubs, max(0, due_us - now_us) / 1_000_000, deaf_s=STEP_S)

    def _hung(self) -> str:
        """Say which camera does not do what it promised, and what; nothing where all do."""
        now_us = self._clock.steady_us()
        hung = []
        for post in self._posts:
            sign = self._sign(post)
            post.pulse = post.pulse.after(sign, now_us)
            if why := post.pulse.hung(sign, now_us):
                hung.append(f"{post.recorder.camera.id}: {why}")
        return "; ".join(hung)

    def _sign(self, post: Post) -> Sign:
        recorder, recording = post.recorder, post.recording
        return Sign(
            round_us=recorder.round_us, pictures=recorder.meter.pictures, written=recording.store.stated,
            reading=not recorder.ended, up=recorder.stage is Stage.UP, claimed=bool(self._settings.recipients),
            fault=recording.fault,
        )  # fmt: skip

    def _look_at_the_clock(self) -> None:
        self._watch, step = self._watch.after(look(self._clock, boot=self._boot, synced=synchronised()))
        for post in self._posts:
            post.recording.trust = str(self._watch.trust)
            if step:
                post.recorder.clock_stepped(step, str(self._watch.trust))

    def _post(self, camera: Camera) -> Post:
        config, place = self._settings.salvage.config, self._settings.place
        session = Session(os.urandom)
        store = CameraStore(
            self._disk, place.video, camera.id, session=session, clock=self._clock, boot=self._boot,
            store_id=place.known_store(),
        )  # fmt: skip
        room = Room(self._disk, place.video, reserve_bytes=config.storage.reserve_bytes)
        recording = Recording(
            store, room, recipients=self._settings.recipients, clock=self._clock, random_bytes=os.urandom,
            segment_s=config.recording.segment_s, loss_s=config.recording.loss_s,
            limit_bytes=config.recording.ring_bytes,
        )  # fmt: skip
        watcher = None
        if camera.motion.method != "off" or camera.mode != "continuous":
            from vigil.processes.watcher import PictureWatcher

            watcher = PictureWatcher(camera, self._clock)
        wishes = Wishes(keyframe_distance_s=camera.pre_roll_s / 2, luma=watcher is not None, audio=camera.audio)
        privacy = Privacy(self._disk, place, camera.id)
        take = Take(
            mode=Mode(camera.mode), started_us=self._clock.steady_us(), pre_roll_s=camera.pre_roll_s,
            post_roll_s=camera.post_roll_s, late_s=_late_s(camera), limit_bytes=config.recording.ring_bytes,
            recording=camera.record and not privacy.paused_by(),
        )  # fmt: skip
        recorder = CameraRecorder(
            camera,
            keeper=lambda changed: Keeper(
                lambda: open_source(camera, wishes, self._clock, data_dir=place.data, open_mp4=Mp4File), self._clock,
                backoff=Backoff(random.random), on_change=changed,
            ),
            take=take, recording=recording, watcher=watcher, clock=self._clock,
            limit_bytes=config.recording.ring_bytes, arrived=self.wake.poke, prompt=prompt(camera, wishes),
        )  # fmt: skip
        return Post(
            recorder, recording, session, HubClient(place.hub, f"record@{camera.id}", version=vigil.__version__), room,
            ReadBack(self._disk, every=config.storage.read_back_every), privacy,
            threading.Thread(target=recorder.read, name=f"read-{camera.id}", daemon=True),
            Pulse.begin(self._clock.steady_us(), limit_s=max(camera.read_timeout_s, camera.connect_timeout_s)),
        )  # fmt: skip

    def _certify(self, post: Post, now_us: int, *, at_once: bool = False) -> None:
        """Ask the signer in a thread of its own: one that hangs must not keep pictures waiting."""
        waiting = post.asking is not None and post.asking.is_alive()
        if post.session.certificate or waiting or (now_us - post.asked_us < _SIGNER_EVERY_US and not at_once):
            return
        post.asked_us = now_us
        name = f"record@{post.recorder.camera.id}"
        post.asking = threading.Thread(target=self._ask, args=(post, name), name=f"certify {name}", daemon=True)
        post.asking.start()

    def _ask(self, post: Post, name: str) -> None:
        try:
            signer.ask(self._settings.place, post.session, name, str(self._watch.trust))
        except PeerError as error:
            if not post.told_uncertified:
                log.warning("recording without a certificate for now: %s", error)
            post.told_uncertified = True

    def _housekeeping(self, post: Post, now_us: int) -> None:
        for message in post.hub.receive() if post.hub.fileno() in self._heard else ():
            self._obey(post, message)
        for segment in post.recording.sealed:
            post.read_back.take(segment)
        post.recording.sealed.clear()
        if found := post.read_back.step():
            log.error("damage: %s", found.why)
            post.recording.say("marked", seq=found.seq, why=found.why)
        self._mind_the_room(post, now_us)

    def _mind_the_room(self, post: Post, now_us: int) -> None:
        """Delete our own oldest when space stays short although guard had its five seconds."""
        if post.recording.fault or now_us - self._told_us < _EVERY_US:
            return
        if not post.recording.is_short():
            post.short_since_us = None
        elif post.short_since_us is None:
            post.short_since_us = now_us
        elif now_us - post.short_since_us >= _GUARD_SILENT_US:
            post.recording.make_room("the disk is nearly full and guard did not act")

    def _obey(self, post: Post, message: Message) -> None:
        if isinstance(message, Delete):
            post.recording.delete(message.segment, message.why)
        elif isinstance(message, Checkpoint):
            post.recording.store.checkpoint = message.note
        elif isinstance(message, Cue):
            post.recorder.cue(message.name, message.state)
            post.hub.send(Answer(ok=True, words="done"))
        elif isinstance(message, Pause):
            post.recorder.pause(paused=message.paused, who=message.who)
            post.privacy.order(message)
            post.hub.send(Answer(ok=True, words="done"))
        elif isinstance(message, LogLevel):
            logs.set_level(message.level)

    def _tell(self, post: Post) -> None:
        store = post.recording.store
        segment, line = store.stated
        said = segment, store.statements
        written = Written(camera=post.recorder.camera.id, store=store.store, segment=segment, line=line)
        if said != post.told and post.hub.send(written):
            post.told = said
        post.hub.send(self._status(post))

    def _status(self, post: Post) -> Status:
        recorder, recording, now_us = post.recorder, post.recording, self._clock.steady_us()
        fps, bit_rate = recorder.meter.rates()
        if (state := self._state(post)) != post.state:
            post.state, post.since_us = state, now_us
        current = recording.store.current
        durable = recording.durable_at_us
        return Status(
            camera=recorder.camera.id,
            state=post.state,
            since_us=post.since_us,
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
            clock=str(self._watch.trust),
            fault=str(recording.fault or recorder.reason),
            source=recorder.describe(),
        )

    def _state(self, post: Post) -> str:
        if post.recorder.stage is Stage.ENDED:
            return "ended"
        if post.stopped:
            return "stopped"
        if post.recorder.stage is Stage.LOST:
            return "lost"
        if not self._settings.recipients:
            return "unclaimed"
        if post.recording.fault:
            return "disk fault"
        if not post.recorder.take.recording:
            return "paused"
        if post.recorder.stage is Stage.OPENING:
            return "opening"
        # Between two files of one take the pictures wait in memory for the next: that is recording, too.
        waiting = post.recording.store.open_for == "media" or post.recording.waiting_bytes
        return "recording" if waiting else "watching"


def _late_s(camera: Camera) -> float:
    """Motion takes a few pictures to be sure; keyframes are seconds apart."""
    return 6.0 if camera.source in ("rtsp", "replay") and not camera.sub_url else 1.5


def main(data: Path, names: Sequence[str], *, log_level: str | None, plain: bool) -> int:
    """Record the cameras `names` (all that are enabled where none is named) until SIGTERM or SIGINT."""
    spare()
    disk = Disk()
    settings = load(data, disk)
    logs.set_up(log_level or settings.salvage.config.system.log_level, plain=plain)
    cameras = [c for c in settings.salvage.config.cameras if c.enabled and (not names or c.id in names)]
    if missing := set(names) - {camera.id for camera in cameras}:
        log.error("no enabled camera is called %s: `vigil config show` lists them", ", ".join(sorted(missing)))
        return 2
    process = Recorder(settings, cameras, clock=SystemClock(), disk=disk)
    process.run(set_when_asked(wake=process.wake.poke))
    return 0
