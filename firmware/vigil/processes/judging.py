"""Guard's judgement at work: what is heard becomes facts for the parts, and their deeds are done, in order."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from vigil.clock import Clock, wall_at
from vigil.clock.trust import Trust
from vigil.config.secrets import SecretFiles
from vigil.events import (
    Answer,
    AskPresence,
    Board,
    Display,
    Exporting,
    Message,
    Network,
    Pause,
    Plugs,
    Pressed,
    Senses,
    SensorSaid,
    SetArm,
    Sightings,
    Status,
    TopicSaid,
    Ups,
)
from vigil.guard.arming import Arming
from vigil.guard.deeds import (
    Alarm,
    Arm,
    ArmMode,
    Deed,
    Enter,
    Export,
    Fault,
    Happened,
    Keep,
    PauseCamera,
    PowerOff,
    Record,
    Seen,
    Show,
    Snapshot,
    Sound,
    Tell,
)
from vigil.guard.facts import ArmState, CameraPaused, ExportTold, Fact, Gesture, GestureName, ResumedByHand
from vigil.guard.moment import Moment
from vigil.guard.presence import Home
from vigil.processes.arm_state import Newest, arming_of, found_of
from vigil.processes.cues import Cues
from vigil.processes.guarded_part import GuardedPart
from vigil.processes.household import looked_of, told_of
from vigil.processes.hub import HubServer, Peer
from vigil.processes.kept import written_state
from vigil.processes.lamps import LampsShown
from vigil.processes.orders import Orders
from vigil.processes.owning import Owning
from vigil.processes.parts import parts_of
from vigil.processes.pin_door import Demand, PinDoor
from vigil.processes.plugs import ExportDoor, heard
from vigil.processes.power_off import PowerOffDoor
from vigil.processes.sensing import Sensing
from vigil.processes.settings import Settings
from vigil.processes.who import is_our, may_command, name_of
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_UNSAID = 200
_DEEPEST = 20
_JOURNAL_PATIENCE_US = 30_000_000
_BODY_PATIENCE_US = 5_000_000


class Judging:
    """
    The parts, and what they have done.

    `enter` puts something into the journal and says whether that was done,
    `fault` tells or clears a fault, `faults` are those that the lamp counts out;
    `heard` is told each fact, and what the parts see of the box's health.
    """

    def __init__(
        self, settings: Settings, *, disk: Disk, clock: Clock, hub: HubServer, orders: Orders,
        enter: Callable[[str, Mapping[str, Any]], bool], fault: Callable[[str, str], None], faults: Mapping[str, str],
        heard: Callable[[object], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.trust = Trust.UNSYNCED
        self._evidence = heard
        self._config = settings.salvage.config
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._hub = hub
        self._orders = orders
        self._enter = enter
        self._fault = fault
        self._faults = faults
        self._parts = parts_of(self._config, disk, self._place, now_us=clock.steady_us())
        self._power_off = PowerOffDoor.of_this_process()
        self._sensing = Sensing(self._config)
        self._cues = Cues(self._config, hub=hub, orders=orders, clock=clock)
        self._lamps = LampsShown(self._config)
        self._door = PinDoor(disk, SecretFiles.below(settings.place.data))
        self._owning = Owning(settings, disk=disk, clock=clock, hub=hub, do=self._do, knock=self._door.knock)
        self._walled = [GuardedPart(part, fault) for part in (*self._parts, self._owning.part)]
        self._arming: Arming | None = None
        self._unsaid: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=_UNSAID)
        self._sensed: set[str] = set()
        self._body_us: int | None = None
        self._began_us = self.listened_us = clock.steady_us()
        self._shown: Display | None = None
        self._hears: dict[type[Message], tuple[str, Callable[[Any], None]]] = {
            Pressed: ("body", self._press),
            Senses: ("body", self._sense),
            SensorSaid: ("body", lambda said: self._heard(self._sensing.said(said))),
            TopicSaid: ("uplink", lambda said: self._heard(self._sensing.heard(said, clock.steady_us()))),
            Sightings: ("lookout", lambda said: self._happened(looked_of(said))),
            Plugs: ("body", lambda said: self._heard(heard(said))),
            Exporting: ("stick", lambda said: self._heard(heard(said))),
            Ups: ("body", self._happened),
            Board: ("body", self._happened),
            Network: ("body", self._evidence),
        }
        self._does: dict[type[Any], Callable[[Any, int], None]] = {
            Enter: self._put_in,
            Keep: lambda deed, _: self._keep(deed.subject, deed.state),
            Fault: lambda deed, _: self._fault(deed.what, deed.words),
            Seen: lambda deed, _: self._evidence(deed.said),
            Happened: lambda deed, depth: self._happened(deed.fact, depth),
            Arm: self._arm_or_alarm,
            Alarm: self._arm_or_alarm,
            Record: lambda deed, _: self._cues.give(deed.camera, deed.name, deed.state),
            # A moment is kept as the shortest event there is: pictures are made where there is a key to see them.
            Snapshot: lambda deed, _: self._cues.give(deed.camera, "snapshot", "pulse"),
            PauseCamera: lambda deed, _: self._pause(deed),
            Show: lambda deed, _: self._lamps.show(deed.lamp, deed.pattern),
            Sound: lambda deed, _: self._lamps.sound(deed.pattern, deed.longest_s, clock.steady_us()),
            PowerOff: lambda deed, _: self._fault("power off", self._power_off.ask(kill_power=deed.kill_power)),
            Export: lambda deed, _: self._export(deed.who),
            Tell: lambda deed, _: log.warning("%s: %s", deed.subject, deed.words),
        }

    @property
    def arm(self) -> ArmState | None:
        """The arm state; None until it is known."""
        return self._arming.standing.state if self._arming else None

    def words(self) -> str:
        """Say where the alarm stands, for people."""
        return self._arming.words(self._now()) if self._arming else "not known yet"

    def wait_s(self, longest_s: float) -> float:
        """Return for how long nobody here wants to be looked at, `longest_s` at most."""
        times = [part.due_us for part in (self._arming, *self._walled) if part and part.due_us is not None]
        if not times:
            return longest_s
        return min(longest_s, max(0.0, (min(times) - self._clock.steady_us()) / 1_000_000))

    def hears(self, peer: Peer, message: Message) -> bool:
        """Hear what concerns the judgement; say whether it did."""
        if isinstance(message, SetArm):
            if answer := self._asked(peer, message):
                peer.send(answer)
        elif isinstance(message, AskPresence):
            home = next((part for part in self._parts if isinstance(part, Home)), None)
            for told in told_of(home, self._clock.steady_us()):
                peer.send(told)
        elif said := self._hears.get(type(message)):
            teller, hear = said
            if is_our(peer, teller):
                hear(message)
        elif not self._owning.hears(peer, message, self._now()):
            return False
        self._tell_body()
        return True

    def met(self, peer: Peer) -> None:
        """A process has said who it is."""
        self._cues.met(peer)

    def camera(self, status: Status) -> None:
        """A recorder says how its camera is."""
        self._lamps.camera(status, self._clock.steady_us())
        self._happened(CameraPaused(status.camera, status.paused_by))
        self._heard(self._sensing.camera(status, self._clock.steady_us()))

    def resumed_by_hand(self, camera: str) -> None:
        """Somebody lets a camera go on."""
        self._happened(ResumedByHand(camera))

    def look_if_due(self) -> None:
        """Let those look whose time has come; to be called at each round of the loop."""
        self._tried()
        now = self._now()
        for part in (self._arming, *self._walled):
            if part and part.due_us is not None and now.steady_us >= part.due_us:
                self._do(part.look(now))
                self._tell_body()

    def look(self, newest: Newest | None) -> None:
        """Look round; to be called every second. `newest` asks the journal, and is None while there is none."""
        now = self._now()
        if self._arming is None:
            self._begin(newest, now)
        self._owning.look(newest, now, arm_is_known=self._arming is not None)
        while self._unsaid and self._enter(*self._unsaid[0]):
            self._unsaid.popleft()
        self._heard(self._sensing.look(now.steady_us))
        for part in self._walled:
            self._do(part.look(now))
        # By what was heard: guard may be late itself, when a card stalls.
        if self._body_us is not None and self.listened_us - self._body_us >= _BODY_PATIENCE_US:
            self._fault("body", "the process that reads button and sensors and drives lamps is away")
        self._tell_body(anyhow=True)

    def _begin(self, newest: Newest | None, now: Moment) -> None:
        found = found_of(self._disk, self._place, newest)
        waited = now.steady_us - self._began_us >= _JOURNAL_PATIENCE_US
        if not found.kept and found.journaled is None and newest is None and not waited:
            return  # the journal knows, and will be opened in a moment
        self._arming, complaint = arming_of(self._config, found, now)
        new = found.kept is None and not complaint
        self._do(self._arming.begin_new(now) if new else self._arming.begin(now, complaint))

    # What is asked for

    def _asked(self, peer: Peer, message: SetArm) -> Answer | None:
        """Return the answer to a demand; None where its PIN has to be tried first."""
        if message.mode not in get_args(ArmMode):
            return Answer(ok=False, words=f"there is no such mode: give {', '.join(get_args(ArmMode))}")
        if self._arming is None:
            return Answer(ok=False, words="guard has just begun and does not know yet whether it is armed: ask again")
        if not message.pin and may_command(peer.uid, own_uid=os.getuid()):
            return self._demanded(message.mode, name_of(peer.uid), "command")
        if not message.pin:
            return Answer(ok=False, words="a service may not arm or disarm the box without a PIN")
        why = self._door.knock(peer, message, self._clock.steady_us())
        return Answer(ok=False, words=why) if why else None

    def _demanded(self, mode: str, who: str, how: str) -> Answer:
        assert self._arming
        demand = Arm(mode, who, how)  # type: ignore[arg-type]
        refusal = self._arming.refusal(demand)
        self._do([demand])
        return Answer(ok=not refusal, words=refusal or f"the box is {self.words()}")

    def _tried(self) -> None:
        """Answer those whose PINs were tried meanwhile. Guessing is journaled when it begins to be locked out."""
        for one in self._door.tried(self._clock.steady_us()):
            demand = one.demand
            if not one.why:
                one.peer.send(self._granted(demand))
                self._tell_body()
                continue
            if one.worth_telling:
                wanted = demand.mode if isinstance(demand, SetArm) else demand.kind
                fields = {"state": str(self.arm), "wanted": wanted, "who": demand.client, "how": demand.route}
                self._do([Enter("arm.refused", {**fields, "why": "too many wrong PINs"})])
            one.peer.send(Answer(ok=False, words=one.why))

    def _granted(self, demand: Demand) -> Answer:
        if isinstance(demand, SetArm):
            return self._demanded(demand.mode, demand.client, demand.route)
        return self._owning.tried(demand)

    def _press(self, message: Pressed) -> None:
        if message.gesture in get_args(GestureName):
            self._happened(Gesture(message.button, message.gesture))  # type: ignore[arg-type]

    def _sense(self, message: Senses) -> None:
        self._body_us = self._clock.steady_us()
        self._fault("body", "")
        for what in self._sensed - set(message.faults):
            self._fault(what, "")
        for what, words in message.faults.items():
            self._fault(what, words)
        self._sensed = set(message.faults)

    def _facts(self, message: Message) -> list[Fact]:
        if isinstance(message, SensorSaid):
            return self._sensing.said(message)
        if isinstance(message, TopicSaid):
            return self._sensing.heard(message, self._clock.steady_us())
        return heard(message)

    def _heard(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self._happened(fact)

    def _happened(self, fact: Fact, depth: int = 0) -> None:
        now = self._now()
        self._evidence(fact)
        for part in self._walled:
            self._do(part.hear(fact, now), depth + 1)

    # Deeds

    def _do(self, deeds: Iterable[Deed], depth: int = 0) -> None:
        """Do what was decided, in order. Parts that set each other off for ever are cut short."""
        if depth > _DEEPEST:
            log.error("guard's parts set each other off without end: what follows is left out")
            return
        for deed in deeds:
            if does := self._does.get(type(deed)):
                does(deed, depth)
            else:
                log.error("nobody here does this yet: %s", deed)

    def _put_in(self, deed: Enter, depth: int) -> None:  # noqa: ARG002
        if self._unsaid or not self._enter(deed.kind, deed.fields):
            self._unsaid.append((deed.kind, deed.fields))

    def _arm_or_alarm(self, deed: Arm | Alarm, depth: int) -> None:
        if self._arming is None:
            log.warning("nothing comes of this, since it is not known yet whether the box is armed: %s", deed)
            return
        judge = self._arming.demand if isinstance(deed, Arm) else self._arming.alarm
        self._do(judge(deed, self._now()), depth + 1)  # type: ignore[arg-type]

    def _keep(self, subject: str, state: Mapping[str, Any]) -> None:
        why = written_state(self._disk, self._place, subject, state)
        self._fault(f"memory of {subject}", why and f"after a power cut it would be as it was before: {why}")

    def _export(self, who: str) -> None:
        if why := ExportDoor.of_this_process().ask(who):
            self._happened(ExportTold(state="failed", why=why))

    def _pause(self, deed: PauseCamera) -> None:
        if recorder := self._hub.named(f"record@{deed.camera}"):
            pause = Pause(camera=deed.camera, paused=deed.paused, who=deed.who)
            self._orders.give_own(recorder, pause, self._clock.steady_us())

    def _tell_body(self, *, anyhow: bool = False) -> None:
        """Let body show what holds; nothing while nobody knows whether the box is armed."""
        if self._arming is None:
            return
        shown = self._lamps.display(self._arming.standing.state, self._faults, self._now())
        if anyhow or shown != self._shown:
            self._shown = shown
            self._hub.broadcast(shown, to="body")

    def _now(self) -> Moment:
        steady_us = self._clock.steady_us()
        return Moment(steady_us, wall_at(self._clock, steady_us), self.trust)
