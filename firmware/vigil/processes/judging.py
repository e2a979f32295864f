"""Guard's judgement at work: what is heard becomes facts for the parts, and they look round in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from vigil.clock import Clock
from vigil.clock.trust import Trust
from vigil.config.secrets import SecretFiles
from vigil.events import (
    AskPresence,
    Board,
    Display,
    Exporting,
    Message,
    Network,
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
from vigil.guard.facts import ArmState, CameraPaused, Gesture, GestureName, ResumedByHand
from vigil.guard.moment import Moment
from vigil.guard.presence import Home
from vigil.processes.arm_state import Newest, arming_of, found_of
from vigil.processes.demands import Demands
from vigil.processes.doing import Doing
from vigil.processes.guarded_part import GuardedPart
from vigil.processes.household import looked_of, told_of
from vigil.processes.hub import HubServer, Peer
from vigil.processes.orders import Orders
from vigil.processes.owning import Owning
from vigil.processes.parts import parts_of
from vigil.processes.pin_door import PinDoor
from vigil.processes.plugs import facts_of
from vigil.processes.sensing import Sensing
from vigil.processes.settings import Settings
from vigil.processes.who import is_our
from vigil.store.disk import Disk

_JOURNAL_PATIENCE_US = 30_000_000
_BODY_PATIENCE_US = 5_000_000


class Judging:
    """
    The parts, what they hear, and when they look.

    `enter` puts something into the journal and says whether that was done,
    `fault` tells or clears a fault, `faults` are those that the lamp counts out;
    `heard` is told each fact, and what the parts see of the box's health.
    """

    def __init__(
        self, settings: Settings, *, disk: Disk, clock: Clock, hub: HubServer, orders: Orders,
        enter: Callable[[str, Mapping[str, Any]], bool], fault: Callable[[str, str], None], faults: Mapping[str, str],
        heard: Callable[[object], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._config = settings.salvage.config
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._hub = hub
        self._fault = fault
        self._faults = faults
        self._evidence = heard
        self._doing = Doing(
            settings, disk=disk, clock=clock, hub=hub, orders=orders, enter=enter, fault=fault, evidence=heard
        )
        door = PinDoor(disk, SecretFiles.below(settings.place.data))
        self._owning = Owning(settings, disk=disk, clock=clock, hub=hub, do=self._doing.do, knock=door.knock)
        self._demands = Demands(self._doing, door, clock, self._owning.tried)
        parts = [*parts_of(self._config, disk, self._place, now_us=clock.steady_us()), self._owning.part]
        self._doing.parts = [GuardedPart(part, fault) for part in parts]
        self._home = next((part for part in parts if isinstance(part, Home)), None)
        self._sensing = Sensing(self._config)
        self._sensed: set[str] = set()
        self._body_us: int | None = None
        self._began_us = self.listened_us = clock.steady_us()
        self._shown: Display | None = None
        self._hears = self._table()

    def _table(self) -> dict[type[Message], tuple[str, Callable[[Any], None]]]:
        """Return whose word each message is, and what is made of it."""
        happened, sensing, clock = self._doing.happened, self._sensing, self._clock
        return {
            Pressed: ("body", self._press),
            Senses: ("body", self._sense),
            SensorSaid: ("body", lambda said: happened(*sensing.said(said))),
            TopicSaid: ("uplink", lambda said: happened(*sensing.heard(said, clock.steady_us()))),
            Sightings: ("lookout", lambda said: happened(looked_of(said))),
            Plugs: ("body", lambda said: happened(*facts_of(said))),
            Exporting: ("stick", lambda said: happened(*facts_of(said))),
            Ups: ("body", happened),
            Board: ("body", happened),
            Network: ("body", self._evidence),
        }

    @property
    def arm(self) -> ArmState | None:
        """The arm state; None until it is known."""
        return self._doing.arming.standing.state if self._doing.arming else None

    def words(self) -> str:
        """Say where the alarm stands, for people."""
        return self._doing.arming.words(self._doing.now()) if self._doing.arming else "not known yet"

    def wait_s(self, longest_s: float) -> float:
        """Return for how long nobody here wants to be looked at, `longest_s` at most."""
        waiting = (self._doing.arming, *self._doing.parts)
        times = [part.due_us for part in waiting if part and part.due_us is not None]
        if not times:
            return longest_s
        return min(longest_s, max(0.0, (min(times) - self._clock.steady_us()) / 1_000_000))

    def hears(self, peer: Peer, message: Message) -> bool:
        """Hear what concerns the judgement; say whether it did."""
        if isinstance(message, SetArm):
            self._demands.hears(peer, message)
        elif isinstance(message, AskPresence):
            for told in told_of(self._home, self._clock.steady_us()):
                peer.send(told)
        elif said := self._hears.get(type(message)):
            teller, hear = said
            if is_our(peer, teller):
                hear(message)
        elif not self._owning.hears(peer, message, self._doing.now()):
            return False
        self._tell_body()
        return True

    def met(self, peer: Peer) -> None:
        """A process has said who it is."""
        self._doing.cues.met(peer)

    def camera(self, status: Status) -> None:
        """A recorder says how its camera is."""
        now_us = self._clock.steady_us()
        self._doing.lamps.camera(status, now_us)
        self._doing.happened(CameraPaused(status.camera, status.paused_by))
        self._doing.happened(*self._sensing.camera(status, now_us))

    def resumed_by_hand(self, camera: str) -> None:
        """Somebody lets a camera go on."""
        self._doing.happened(ResumedByHand(camera))

    def look_if_due(self) -> None:
        """Let those look whose time has come; to be called at each round of the loop."""
        if self._demands.look():
            self._tell_body()
        now = self._doing.now()
        for part in (self._doing.arming, *self._doing.parts):
            if part and part.due_us is not None and now.steady_us >= part.due_us:
                self._doing.do(part.look(now))
                self._tell_body()

    def look(self, newest: Newest | None, trust: Trust) -> None:
        """
        Look round; to be called every second.

        `newest` asks the journal, and is None while there is none; `trust` is that in the clock.
        """
        self._doing.trust = trust
        now = self._doing.now()
        if self._doing.arming is None:
            self._begin(newest, now)
        self._owning.look(newest, now, arm_is_known=self._doing.arming is not None)
        self._doing.enter_what_waited()
        self._doing.happened(*self._sensing.look(now.steady_us))
        for part in self._doing.parts:
            self._doing.do(part.look(now))
        # By what was heard: guard may be late itself, when a card stalls.
        if self._body_us is not None and self.listened_us - self._body_us >= _BODY_PATIENCE_US:
            self._fault("body", "the process that reads button and sensors and drives lamps is away")
        self._tell_body(anyhow=True)

    def _begin(self, newest: Newest | None, now: Moment) -> None:
        found = found_of(self._disk, self._place, newest)
        waited = now.steady_us - self._began_us >= _JOURNAL_PATIENCE_US
        if not found.kept and found.journaled is None and newest is None and not waited:
            return  # the journal knows, and will be opened in a moment
        arming, complaint = arming_of(self._config, found, now)
        self._doing.arming = arming
        new = found.kept is None and not complaint
        self._doing.do(arming.begin_new(now) if new else arming.begin(now, complaint))

    def _press(self, message: Pressed) -> None:
        if message.gesture in get_args(GestureName):
            self._doing.happened(Gesture(message.button, message.gesture))  # type: ignore[arg-type]

    def _sense(self, message: Senses) -> None:
        self._body_us = self._clock.steady_us()
        self._fault("body", "")
        for what in self._sensed - set(message.faults):
            self._fault(what, "")
        for what, words in message.faults.items():
            self._fault(what, words)
        self._sensed = set(message.faults)

    def _tell_body(self, *, anyhow: bool = False) -> None:
        """Let body show what holds; nothing while nobody knows whether the box is armed."""
        if self._doing.arming is None:
            return
        shown = self._doing.lamps.display(self._doing.arming.standing.state, self._faults, self._doing.now())
        if anyhow or shown != self._shown:
            self._shown = shown
            self._hub.broadcast(shown, to="body")
