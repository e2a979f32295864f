"""What guard's parts decide is done, one deed after the other, and every part hears of what came of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vigil.clock import Clock, wall_at
from vigil.clock.trust import Trust
from vigil.events import Pause
from vigil.guard.arming import Arming
from vigil.guard.deeds import (
    Alarm,
    Arm,
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
from vigil.guard.facts import ExportTold, Fact
from vigil.guard.moment import Moment
from vigil.processes.cues import Cues
from vigil.processes.guarded_part import GuardedPart
from vigil.processes.hub import HubServer
from vigil.processes.kept import written_state
from vigil.processes.lamps import LampsShown
from vigil.processes.orders import Orders
from vigil.processes.plugs import ExportDoor
from vigil.processes.power_off import PowerOffDoor
from vigil.processes.settings import Settings
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_UNSAID = 200
_DEEPEST = 20


class Doing:
    """
    Does deeds; `parts` hear of facts, and of what `arming` makes of demands once it is there.

    `enter` puts something into the journal and says whether that was done,
    `fault` tells or clears a fault; `evidence` is told each fact, and what the
    parts see of the box's health.
    """

    def __init__(
        self, settings: Settings, *, disk: Disk, clock: Clock, hub: HubServer, orders: Orders,
        enter: Callable[[str, Mapping[str, Any]], bool], fault: Callable[[str, str], None],
        evidence: Callable[[object], None],
    ) -> None:  # fmt: skip
        config = settings.salvage.config
        self.trust = Trust.UNSYNCED
        self.parts: Sequence[GuardedPart] = ()
        self.arming: Arming | None = None
        self.cues = Cues(config, hub=hub, orders=orders, clock=clock)
        self.lamps = LampsShown(config)
        self._place = settings.place
        self._disk = disk
        self._clock = clock
        self._hub = hub
        self._orders = orders
        self._enter = enter
        self._fault = fault
        self._evidence = evidence
        self._unsaid: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=_UNSAID)
        self._does = self._table(PowerOffDoor.of_this_process(), ExportDoor.of_this_process())

    def _table(self, power_off: PowerOffDoor, export: ExportDoor) -> dict[type[Any], Callable[[Any, int], None]]:
        return {
            Enter: lambda deed, _: self._put_in(deed),
            Keep: lambda deed, _: self._keep(deed.subject, deed.state),
            Fault: lambda deed, _: self._fault(deed.what, deed.words),
            Seen: lambda deed, _: self._evidence(deed.said),
            Happened: lambda deed, depth: self._happened(deed.fact, depth),
            Arm: self._arm_or_alarm,
            Alarm: self._arm_or_alarm,
            Record: lambda deed, _: self.cues.give(deed.camera, deed.name, deed.state),
            # A moment is kept as the shortest event there is: pictures are made where there is a key to see them.
            Snapshot: lambda deed, _: self.cues.give(deed.camera, "snapshot", "pulse"),
            PauseCamera: lambda deed, _: self._pause(deed),
            Show: lambda deed, _: self.lamps.show(deed.lamp, deed.pattern),
            Sound: lambda deed, _: self.lamps.sound(deed.pattern, deed.longest_s, self._clock.steady_us()),
            PowerOff: lambda deed, _: self._fault("power off", power_off.ask(kill_power=deed.kill_power)),
            Export: lambda deed, depth: self._export(export.ask(deed.who), depth),
            Tell: lambda deed, _: log.warning("%s: %s", deed.subject, deed.words),
        }

    def now(self) -> Moment:
        """Return what time it is, and how far that may be believed."""
        steady_us = self._clock.steady_us()
        return Moment(steady_us, wall_at(self._clock, steady_us), self.trust)

    def happened(self, *facts: Fact) -> None:
        """Let every part hear of facts, and do what follows."""
        for fact in facts:
            self._happened(fact, 0)

    def do(self, deeds: Iterable[Deed], depth: int = 0) -> None:
        """Do what was decided, in order. Parts that set each other off for ever are cut short."""
        if depth > _DEEPEST:
            log.error("guard's parts set each other off without end: what follows is left out")
            return
        for deed in deeds:
            if does := self._does.get(type(deed)):
                does(deed, depth)
            else:
                log.error("nobody here does this yet: %s", deed)

    def enter_what_waited(self) -> None:
        """Put into the journal what it did not take before, in order."""
        while self._unsaid and self._enter(*self._unsaid[0]):
            self._unsaid.popleft()

    def _happened(self, fact: Fact, depth: int) -> None:
        now = self.now()
        self._evidence(fact)
        for part in self.parts:
            self.do(part.hear(fact, now), depth + 1)

    def _put_in(self, deed: Enter) -> None:
        if self._unsaid or not self._enter(deed.kind, deed.fields):
            self._unsaid.append((deed.kind, deed.fields))

    def _arm_or_alarm(self, deed: Arm | Alarm, depth: int) -> None:
        if self.arming is None:
            log.warning("nothing comes of this, since it is not known yet whether the box is armed: %s", deed)
            return
        judge = self.arming.demand if isinstance(deed, Arm) else self.arming.alarm
        self.do(judge(deed, self.now()), depth + 1)  # type: ignore[arg-type]

    def _keep(self, subject: str, state: Mapping[str, Any]) -> None:
        why = written_state(self._disk, self._place, subject, state)
        self._fault(f"memory of {subject}", why and f"after a power cut it would be as it was before: {why}")

    def _export(self, why_not: str, depth: int) -> None:
        if why_not:
            self._happened(ExportTold(state="failed", why=why_not), depth)

    def _pause(self, deed: PauseCamera) -> None:
        if recorder := self._hub.named(f"record@{deed.camera}"):
            pause = Pause(camera=deed.camera, paused=deed.paused, who=deed.who)
            self._orders.give_own(recorder, pause, self._clock.steady_us())
