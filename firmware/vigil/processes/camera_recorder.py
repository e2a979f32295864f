"""One camera from light to disk: the loop that joins source, take, motion and recording."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vigil.cameras.keeper import Keeper, Stage, State
from vigil.clock import Clock, wall_at
from vigil.clock.trust import Step
from vigil.config.model import Camera
from vigil.errors import CameraEnded
from vigil.frames.handoff import Handoff, Hole
from vigil.frames.instructions import Append, AskKeyframe, Begin, End, Idle, Instruction, Mark, Rate
from vigil.frames.packet import Luma, Packet
from vigil.frames.take import MOTION, Take
from vigil.processes.meter import Meter
from vigil.store.recording import Recording

log = logging.getLogger(__name__)
READ_S = 0.5
_BEGINNING = "recording starts"


def _nobody_waits() -> None:
    """Who reads and who records is the same thread."""


class Watcher(Protocol):
    """Whatever looks at grey pictures: motion, and whether the picture still lives."""

    area_pm: int

    @property
    def picture_check(self) -> str:
        """Whether the picture lives: ``ok``, what is wrong, or ``not checked``."""

    def look(self, luma: Luma) -> int | None:
        """Take one picture; return since when (steady clock) something moves, None where nothing does."""

    def begin_anew(self) -> None:
        """The camera was opened again."""


@dataclass(slots=True)
class Loss:
    """
    The camera is away since `from_us` (steady clock of the last picture, or of when we began to wait).

    `said_us` is the wall clock at which the gap was said to begin, None while
    it was not: both its statements must name the same moment.
    """

    from_us: int
    why: str
    said_us: int | None = None


class CameraRecorder:
    """
    Records one camera. `read` runs in a thread of its own; `step` everything else.
    A `prompt` camera, which never lets anybody wait, is read by `step` itself.

    `step` does whatever has arrived in one go, at `due_us` at the latest: waking up
    for every packet costs more than recording it. `arrived` is called by the reader
    when there is something that should not wait so long.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        keeper: Callable[[Callable[[State], None]], Keeper],
        take: Take,
        recording: Recording,
        watcher: Watcher | None,
        clock: Clock,
        limit_bytes: int,
        arrived: Callable[[], None] = _nobody_waits,
        prompt: bool = False,
    ) -> None:
        self.camera = camera
        self.take = take
        self.recording = recording
        self.ended = False
        self.meter = Meter(clock)
        self.round_us = clock.steady_us()
        """When the reader's thread last came round."""
        self._watcher = watcher
        self._clock = clock
        self._handoff = Handoff(limit_bytes)
        self._arrived = arrived if not prompt else _nobody_waits
        self.prompt = prompt
        self._states: list[State] = []
        self._states_lock = threading.Lock()
        self._keeper = keeper(self._changed)
        self._stopping = False
        self._last_us = clock.steady_us()
        self._loss: Loss | None = Loss(self._last_us, _BEGINNING)
        self._moving = False
        self._stage = Stage.OPENING
        self._before_up = 0  # pictures

    # The reader's thread

    def read(self) -> None:
        """Read the camera until `stop`. Runs in a thread of its own."""
        while not self._stopping and self.read_once(READ_S):
            pass

    def read_once(self, timeout_s: float) -> bool:
        """Take what the camera sends within `timeout_s`; False where it came to its end."""
        self.round_us = self._clock.steady_us()
        try:
            items = self._keeper.read(timeout_s)
        except CameraEnded:
            return False
        if items:
            self._handoff.put(items)
            if any(isinstance(item, Luma) for item in items):
                self._arrived()
        return True

    def _changed(self, state: State) -> None:
        with self._states_lock:
            self._states.append(state)
        self._arrived()

    # The recorder's thread

    def step(self) -> None:
        """Record what has arrived; do what is due."""
        now_us = self._clock.steady_us()
        if self.prompt and not self.ended:
            self.read_once(0)
        with self._states_lock:
            states, self._states = self._states, []
        items = self._handoff.take()
        packets = [item for item in items if isinstance(item, Packet)]
        self._pictures(packets)
        for item in items:
            if isinstance(item, Luma):
                self._look(item)
        for state in states:
            self._camera_is(state, now_us)
        self._state_hole(self._handoff.hole())
        self._do(self.take.tick(now_us))
        self.recording.tick()

    def due_us(self, now_us: int) -> int:
        """Return when `step` is due although nobody woke it (steady clock)."""
        due_us = self.recording.due_us(now_us)
        return min(due_us, self._keeper.due_us()) if self.prompt and not self.ended else due_us

    def stop(self) -> None:
        """Let the camera go; the reader's thread ends soon."""
        self._stopping = True
        self._keeper.close()

    def close(self, why: str) -> None:
        """Record what is left, and seal. The reader's thread has ended."""
        self.step()
        self._state_hole(self._handoff.hole(so_far=True))
        self._do(self.take.camera_lost(self._clock.steady_us()))
        self.recording.close(why)

    def cue(self, name: str, state: str) -> None:
        """Something outside asks for a recording (`state`: ``began``, ``ended``, ``pulse``)."""
        act = {"began": self.take.began, "ended": self.take.ended}.get(state, self.take.pulse)
        self._do(act(name, self._clock.steady_us()))

    def pause(self, *, paused: bool, who: str) -> None:
        """The owner's privacy pause, or its end."""
        now_us = self._clock.steady_us()
        if paused == (not self.take.recording):
            return
        self._do(self.take.pause(now_us) if paused else self.take.resume())
        self.recording.say("paused" if paused else "resumed", who=who)

    def clock_stepped(self, step: Step, trust: str) -> None:
        """State that the wall clock jumped."""
        self.recording.say("clock", step_us=step.size_us, trust=trust)

    @property
    def stage(self) -> Stage:
        """Where the camera stands."""
        return self._stage

    @property
    def sends(self) -> bool:
        """Whether the camera is up, and has sent a picture since it was opened."""
        return self._stage is Stage.UP and self.meter.pictures > self._before_up

    @property
    def reason(self) -> str:
        """Why the camera is away."""
        return self._keeper.state.reason

    def describe(self) -> dict[str, str]:
        """Return what is worth knowing about the open camera."""
        return self._keeper.describe()

    @property
    def moving(self) -> bool:
        """Whether something moves."""
        return self._moving

    @property
    def area_pm(self) -> int:
        """How much of the picture moves, in thousandths; -1 where nobody looks."""
        return self._watcher.area_pm if self._watcher else -1

    @property
    def picture_check(self) -> str:
        """Whether the picture lives: ``ok``, what is wrong, or ``not checked``."""
        return self._watcher.picture_check if self._watcher else "not checked"

    def _pictures(self, packets: Sequence[Packet]) -> None:
        if not packets:
            return
        self.meter.count(packets)
        if self._loss and any(not packet.audio for packet in packets):
            self._back(packets[0].at_us)
        self._last_us = packets[-1].at_us
        self._do(self.take.packets(packets))

    def _look(self, luma: Luma) -> None:
        if self._watcher is None:
            return
        since_us = self._watcher.look(luma)
        if (since_us is not None) != self._moving:
            self._moving = since_us is not None
            if since_us is not None:
                self._do(self.take.began(MOTION, since_us))
            else:
                self._do(self.take.ended(MOTION, luma.at_us))

    def _camera_is(self, state: State, now_us: int) -> None:
        self._stage = state.stage
        if state.stage in (Stage.LOST, Stage.ENDED):
            if self._moving:
                self._moving = False
            self._do(self.take.camera_lost(now_us))
            loss = self._loss or Loss(self._last_us, state.reason)
            if loss.said_us is None:
                since_us = self._since_us(loss)
                since_us = wall_at(self._clock, loss.from_us) if since_us is None else since_us
                self._loss = Loss(loss.from_us, state.reason, said_us=since_us)
                self.recording.say("gap", from_us=since_us, why=state.reason[:300])
            log.warning("camera lost: %s", state.reason, extra={"camera": self.camera.id})
        elif state.stage is Stage.UP:
            self._before_up = self.meter.pictures
            if self._watcher:
                self._watcher.begin_anew()
            log.info("camera is up", extra={"camera": self.camera.id})
        self.ended = state.stage is Stage.ENDED

    def _back(self, at_us: int) -> None:
        """The first picture after the camera was away: say how long nothing was seen."""
        loss, self._loss = self._loss, None
        assert loss
        since_us = self._since_us(loss)
        if since_us is not None and self.take.recording:
            self.recording.say(
                "gap", from_us=since_us, to_us=max(since_us, wall_at(self._clock, at_us)), why=loss.why[:300]
            )

    def _since_us(self, loss: Loss) -> int | None:
        """Return since when (wall clock) nothing is there, the same for each statement of a gap; None: since ever."""
        if loss.said_us is not None:
            return loss.said_us
        return self.recording.store.ended_us if loss.why == _BEGINNING else wall_at(self._clock, loss.from_us)

    def _state_hole(self, hole: Hole | None) -> None:
        """Say what was dropped between the reader and us. What comes behind begins with a keyframe: nothing ends."""
        if hole:
            self.recording.say(
                "gap", from_us=wall_at(self._clock, hole.from_us), to_us=wall_at(self._clock, hole.to_us),
                pictures=hole.pictures, why="the recorder could not keep up: memory for waiting pictures was full",
            )  # fmt: skip

    def _do(self, instructions: Sequence[Instruction]) -> None:
        for one in instructions:
            if isinstance(one, Append):
                self.recording.append(one.packets)
            elif isinstance(one, Begin):
                self._begin(one)
            elif isinstance(one, End):
                self.recording.end(str(one.why))
            elif isinstance(one, Mark):
                self._mark(one)
            elif isinstance(one, Idle):
                self.recording.say("idle", mode=self.camera.mode, state=str(one.why))
            elif isinstance(one, AskKeyframe):
                self._keeper.request_keyframe()

    def _begin(self, begin: Begin) -> None:
        covered = [wall_at(self._clock, at_us) for at_us in begin.covered_us] if begin.covered_us else None
        pre_roll = begin.rate is Rate.FULL and begin.pre_roll_asked_s > 0
        self.recording.begin(
            begin.reason, begin.packets, rate=str(begin.rate), covered=covered,
            pre_roll_ms=round(begin.pre_roll_got_s * 1000) if pre_roll else None,
            continues=begin.continues or None,
        )  # fmt: skip
        if pre_roll and begin.short:
            log.warning(
                "an event got %.1f s of pre-roll instead of %.1f s", begin.pre_roll_got_s, begin.pre_roll_asked_s,
                extra={"camera": self.camera.id},
            )  # fmt: skip

    def _mark(self, mark: Mark) -> None:
        state = "began" if mark.began else "ended"
        when_us = wall_at(self._clock, mark.at_us)
        if mark.name == MOTION:
            area = self._watcher.area_pm if self._watcher else 0
            self.recording.say("motion", state=state, when_us=when_us, area_pm=area)
        else:
            self.recording.say("event", name=mark.name, state=state, when_us=when_us)
