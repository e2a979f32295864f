"""Carries evidence to the judgement of the box's health, and what follows from it to journal, log, disk and hub."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vigil.clock import Clock, wall_at
from vigil.clock.trust import Trust
from vigil.config.model import Config
from vigil.errors import FormatError, StoreError
from vigil.events import Network, Status
from vigil.guard.deeds import Enter, Fault
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.evidence import Key
from vigil.guard.health_memory import Past, restored, saved
from vigil.guard.moment import Moment
from vigil.guard.probes import FAULTS
from vigil.guard.probes.process import ProcessSeen
from vigil.guard.standing import Standing
from vigil.guard.verdict import Verdict
from vigil.processes.health_seen import network
from vigil.processes.settings import Settings
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_OURS = ("disk", "card", "clock", "keys", "configuration", "update", "journal")
_SERVICES = ("uplink", "serve", "upkeep")
"""Processes that a box may have: one that was here once is missed when it goes. Of body, who hears it tells that."""

_MOST_WAITING = 100
_SECOND_US = 1_000_000

EnterWords = Callable[[str, Mapping[str, Any]], bool]
"""Enters something into the journal; says whether there was one."""


class BoxHealth:
    """The verdict on this box, judged once a second from what it is told. `past` is what it has seen so far."""

    def __init__(self, settings: Settings, *, disk: Disk, clock: Clock, boot: str) -> None:
        self._disk = disk
        self._clock = clock
        self._path = settings.place.health
        self._recorders = {
            f"record@{camera.id}": camera.id for camera in settings.salvage.config.cameras if camera.enabled
        }
        self._here_us: dict[str, int] = {}
        self._ended: set[str] = set()
        self._told: set[str] = set()
        self._waiting: deque[Enter] = deque(maxlen=_MOST_WAITING)
        self._listened_us = clock.steady_us()
        now = self._now(Trust.UNSYNCED)
        self.past, carried = self._remembered(boot, now)
        self._diagnosis = Diagnosis(now, expected=self._expected(settings.salvage.config), carried=carried)
        self._kept = self._standing()
        self.worst: dict[str, str] = {}
        """The worst faults, by what is at fault: of these the fault lamp counts one out."""

    @property
    def verdict(self) -> Verdict:
        """The newest verdict."""
        return self._diagnosis.verdict

    def tell(self, said: object) -> None:
        """Hear evidence: that of a probe, a fact, or a fault of another part."""
        if isinstance(said, Status):
            (self._ended.add if said.state == "ended" else self._ended.discard)(said.camera)
        elif isinstance(said, Network):
            self.past = replace(self.past, was_reached=self.past.was_reached or said.way_out)
            said = network(said, self.past)
        self._diagnosis.hear(said, self._now(Trust.UNSYNCED))

    def fault(self, what: str, words: str) -> None:
        """Another part says that `what` is at fault, or with no words that it is well."""
        if words or what in self._told:
            self._told.add(what)
            self.tell(Fault(what, words))

    def happened(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Hear what one of the system's own commands has left for the journal."""
        self.past = self.past.after(kind, fields)

    def listened(self) -> None:
        """All that was waiting on the hub has been heard: who has not spoken by now is silent."""
        self._listened_us = self._clock.steady_us()

    def look(self, peers: Collection[str], trust: Trust, enter: EnterWords) -> None:
        """Judge; a change is entered before anybody is told of it. `peers` are the names of those on the hub."""
        # A card that stalls makes guard late, and nobody silent: what they said meanwhile has yet to be heard.
        now = Moment(self._listened_us, wall_at(self._clock, self._listened_us), trust)
        if trust is not Trust.UNSYNCED:
            self.past = replace(self.past, was_synced=True)
        for seen in self._processes(peers, now.steady_us):
            self._diagnosis.hear(seen, now)
        for deed in self._diagnosis.look(now):
            if isinstance(deed, Enter):
                _log(deed)
                self._waiting.append(deed)
        while self._waiting and enter(self._waiting[0].kind, self._waiting[0].fields):
            self._waiting.popleft()
        self._keep()
        self.worst.clear()
        told = [one for one in self._diagnosis.standing if one.level.is_fault]
        level = max((one.level.rank for one in told), default=0)
        self.worst |= {one.what: one.words for one in told if one.level.rank == level}

    def _expected(self, config: Config) -> Iterator[Key]:
        yield from ((name, "") for name in _OURS)
        if config.ups.enabled:
            yield "power", ""
        yield from (("camera", camera) for camera in self._recorders.values())
        yield from (("process", name) for name in self._recorders)

    def _processes(self, peers: Collection[str], now_us: int) -> Iterator[ProcessSeen]:
        self._here_us |= {name: now_us for name in peers if name in self._recorders or name in _SERVICES}
        for name in sorted({*self._here_us, *self._recorders}):
            # Who was never here is missed from our own start on; a recorder whose film is over goes for good.
            since_us = self._here_us.setdefault(name, now_us)
            away_us = 0 if self._recorders.get(name) in self._ended else now_us - since_us
            yield ProcessSeen(name=name, away_s=away_us / _SECOND_US)

    def _now(self, trust: Trust) -> Moment:
        return Moment(self._clock.steady_us(), self._clock.wall_us(), trust)

    def _remembered(self, boot: str, now: Moment) -> tuple[Past, list[Standing]]:
        try:
            if data := self._disk.read_unless_lost(self._path):
                return restored(data, FAULTS, boot=boot, now=now)
        except (StoreError, FormatError) as error:
            log.warning("what stood when guard ended is not known, and is raised anew: %s", error)
        return Past(boot=boot), []

    def _standing(self) -> tuple[Past, set[tuple[str, str]]]:
        # That the words of a fault change, or that it flaps, is not worth a write to the card.
        return self.past, {one.key for one in self._diagnosis.standing if one.level.is_fault}

    def _keep(self) -> None:
        """Keep what stands, where it has changed; a disk that refuses is tried again at the next change."""
        if (standing := self._standing()) == self._kept:
            return
        self._kept = standing
        try:
            self._disk.make_directory(self._path.parent)
            self._disk.replace(self._path, json.dumps(saved(self.past, self._diagnosis.standing)).encode())
        except (StoreError, OSError) as error:
            log.warning("which faults stand is not kept: %s", error)


def _log(change: Enter) -> None:
    what, why = change.fields["what"], change.fields["why"]
    if change.kind == "fault.raised":
        log.warning("%s: %s", what, why)
    else:
        log.info("%s: well again", what)
