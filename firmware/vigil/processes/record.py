"""The process `record@CAMERA`: records one camera, or several on a small board, whoever else is alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import vigil
from vigil import logs
from vigil.clock import Clock, SystemClock
from vigil.clock.kernel import boot_id, look, synchronised
from vigil.clock.trust import Watch
from vigil.config.model import Camera
from vigil.errors import PeerError
from vigil.events import Answer, Checkpoint, Cue, Delete, LogLevel, Message, Pause, Written
from vigil.processes import signer
from vigil.processes.ending import set_when_asked
from vigil.processes.memory import spare
from vigil.processes.notify import Notifier
from vigil.processes.post import SIGNER_EVERY_US, Post, make_post
from vigil.processes.settings import Settings, load, load_watch
from vigil.processes.wake import Wake
from vigil.store.disk import Disk
from vigil.store.recording import GUARD_ACTS_WITHIN_US

log = logging.getLogger(__name__)
STEP_S = 0.1
"""Pictures are looked at so often at most; what comes in between waits."""
_LOOK_US = 1_250_000
"""Whatever happens, everything is looked at so often: a little later than a flush, so that this is one wake-up."""
_EVERY_US = 900_000
"""At the first look after this, which comes about once a second, guard is told and the clock looked at."""
_LAST_LOOKS, _LAST_LOOK_S = 100, 0.05
"""How long all cameras together may take to let go: whoever ends us has little patience."""


class Recorder:
    """The process: posts, the clock's trust, and the loop."""

    def __init__(self, settings: Settings, cameras: Sequence[Camera], *, clock: Clock, disk: Disk) -> None:
        self._settings = settings
        self._clock = clock
        self._disk = disk
        self._boot = boot_id()
        self._watch: Watch = load_watch(disk, settings.place, built_us=vigil.BUILT_US)
        self.wake = Wake()
        self._posts = [
            make_post(settings, camera, clock=clock, disk=disk, boot=self._boot, arrived=self.wake.poke)
            for camera in cameras
        ]
        self._heard: set[int] = set()
        self._told_us = 0
        self._notifier = Notifier.of_this_process(clock)

    def run(self, stop: threading.Event) -> None:
        """Record until `stop`, then seal."""
        for post in self._posts:
            post.recording.open()
            if not post.claimed:
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
                post.recording.guard_is_there = post.hub.connect()
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
            sign = post.sign()
            post.pulse = post.pulse.after(sign, now_us)
            if why := post.pulse.hung(sign, now_us):
                hung.append(f"{post.recorder.camera.id}: {why}")
        return "; ".join(hung)

    def _look_at_the_clock(self) -> None:
        self._watch, step = self._watch.after(look(self._clock, boot=self._boot, synced=synchronised()))
        for post in self._posts:
            post.recording.trust = str(self._watch.trust)
            if step:
                post.recorder.clock_stepped(step, str(self._watch.trust))

    def _certify(self, post: Post, now_us: int, *, at_once: bool = False) -> None:
        """Ask the signer in a thread of its own: one that hangs must not keep pictures waiting."""
        waiting = post.asking is not None and post.asking.is_alive()
        if post.session.certificate or waiting or (now_us - post.asked_us < SIGNER_EVERY_US and not at_once):
            return
        post.asked_us = now_us
        post.asking = threading.Thread(target=self._ask, args=(post,), name=f"certify {post.name}", daemon=True)
        post.asking.start()

    def _ask(self, post: Post) -> None:
        try:
            signer.ask(self._settings.place, post.session, post.name, str(self._watch.trust))
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
        elif now_us - post.short_since_us >= GUARD_ACTS_WITHIN_US:
            post.recording.make_room("the disk is nearly full and guard did not act")

    def _obey(self, post: Post, message: Message) -> None:
        if isinstance(message, Delete):
            post.recording.delete(message.segment, message.why, star_too=message.star_too)
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
        post.hub.send(post.status(self._clock.steady_us(), trust=str(self._watch.trust)))


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
