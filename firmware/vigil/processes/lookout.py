"""The process `lookout`: asks the devices of the household whether they are in the network, and tells guard."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import vigil
from vigil import logs
from vigil.body.asking import WITNESS, Asking
from vigil.body.neighbours import OwnEnd, Table
from vigil.body.ping import Pings
from vigil.clock import Clock, SystemClock
from vigil.errors import DeviceError
from vigil.events import LogLevel, Sightings
from vigil.processes.ending import set_when_asked
from vigil.processes.hub import HubClient
from vigil.processes.lookout_marks import Marks
from vigil.processes.lookout_names import NamesLookedUp
from vigil.processes.notify import Notifier
from vigil.processes.settings import Settings, load
from vigil.processes.wake import Wake
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_SECOND_US = 1_000_000
BEAT_US = 10 * _SECOND_US
LOOK_US = 3 * _SECOND_US
SEARCH_US = 600 * _SECOND_US
_NUMBERS = 1024
"""More than are asked in the time that a reply may take."""


class Lookout:
    """
    The loop of lookout.

    It keeps nothing: killed at any moment it costs the look that was being
    made. Whatever is wrong with the network is said, and tried again.
    """

    def __init__(self, settings: Settings, *, clock: Clock, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        config = settings.salvage.config
        presence, members = config.presence, config.members
        now_us = clock.steady_us()
        self._clock = clock
        self._random_bytes = random_bytes
        self._wake = Wake()
        self.poke = self._wake.poke
        self._hub = HubClient(settings.place.hub, "lookout", version=vigil.__version__)
        names = [member.id for member in members]
        self._asking = Asking(names, interval_us=presence.ping_interval_s * _SECOND_US, now_us=now_us)
        self._marks = Marks(presence, members)
        self._names = NamesLookedUp(self._marks.hosts)
        self._pings: Pings | None = None
        self._table: Table | None = None
        self._own = OwnEnd()
        self._asked: dict[int, tuple[str | None, str]] = {}
        self._number = 0
        self._beat_us = now_us - BEAT_US
        self._look_us = now_us
        self._search_us = now_us - SEARCH_US
        self._seen: dict[str, str] = {}
        self._missed: dict[str, None] = {}
        self._replied: set[str] = set()
        self._came = self._witness = False
        self._trouble = self._end_trouble = self._sent_trouble = ""
        self._names.start()

    def run(self, stop: threading.Event) -> None:
        """Look until `stop`."""
        notifier = Notifier.of_this_process(self._clock)
        notifier.ready()
        while not stop.is_set():
            due_us = self.round()
            wait_s = max(0.0, (due_us - self._clock.steady_us()) / _SECOND_US)
            self._wake.wait([self._hub.fileno(), self._pings.fileno() if self._pings else -1], wait_s)
            notifier.feed(lambda: "")
        notifier.stopping()
        self.close()

    def round(self) -> int:
        """Do what is due; return when something is due again (steady microseconds)."""
        now_us = self._clock.steady_us()
        for message in self._hub.receive():
            if isinstance(message, LogLevel):
                logs.set_level(message.level)
        beat = now_us - self._beat_us >= BEAT_US
        if beat:
            self._beat_us = now_us
            self._hub.connect()
            self._look_at_own_end(now_us)
        self._hear_replies(now_us)
        waits = self._asking.waits or self._asking.searches(now_us)
        if now_us >= self._look_us and waits:
            self._look_us = now_us + LOOK_US
            self._look_at_neighbours(now_us)
        self._ask(now_us)
        if beat or self._came:
            self._tell()
        looks = [self._look_us] if self._asking.waits or self._asking.searches(now_us) else []
        return min([self._beat_us + BEAT_US, self._asking.due_us, *looks])

    def close(self) -> None:
        """Go."""
        self._names.close()
        for one in (self._pings, self._table):
            if one:
                one.close()
        self._hub.close()
        self._wake.close()

    def _look_at_own_end(self, now_us: int) -> None:
        """Open what is not open yet, and see where everybody is to be asked."""
        try:
            self._table = self._table or Table()
            self._own = self._table.own_end()
            self._pings = self._pings or Pings(self._random_bytes)
            self._end_trouble = self._own.trouble
        except DeviceError as error:
            self._end_trouble = str(error)
        self._notice()
        self._marks.place(self._asking, self._own, self._names.found())
        due = now_us - self._search_us >= SEARCH_US and not self._asking.searches(now_us)
        if due and not self._trouble and self._marks.lost(self._asking):
            self._search_us = now_us
            self._asking.search(self._own.to_search())

    def _hear_replies(self, now_us: int) -> None:
        for address, number in self._pings.receive() if self._pings else []:
            name, asked = self._asked.get(number, (None, ""))
            if name is None or address != asked:
                continue
            if self._marks.replied(name):
                self._is_there(name, "ping", now_us)
            else:
                self._replied.add(name)

    def _look_at_neighbours(self, now_us: int) -> None:
        try:
            neighbours = self._table.neighbours() if self._table else []
        except DeviceError as error:
            log.warning("%s", error)
            return
        for name, how in self._marks.seen(self._asking, neighbours, self._own.routers, self._replied).items():
            self._is_there(name, how, now_us)

    def _ask(self, now_us: int) -> None:
        asks = self._asking.asks(now_us)
        failed: list[str] = []
        for ask in asks:
            self._number = (self._number + 1) % _NUMBERS
            self._asked[self._number] = ask.name, ask.address
            if ask.name is not None:
                self._replied.discard(ask.name)
            if self._pings and (words := self._pings.send(ask.address, self._number)):
                failed.append(words)
        if asks:
            # One that no route leads to is not the network's fault.
            self._sent_trouble = failed[0] if len(failed) == len(asks) else ""
            self._notice()
        for name in self._asking.missed():
            self._missed[name] = None

    def _is_there(self, name: str, how: str, now_us: int) -> None:
        came = self._asking.answered(name, now_us)
        if name == WITNESS:
            self._witness = True
            return
        # The table goes on to say so for a while: that is the weaker word.
        self._seen[name] = how if how == "ping" else self._seen.get(name, how)
        self._missed.pop(name, None)
        self._came = self._came or came

    def _tell(self) -> None:
        """Tell what was seen since the last time; what guard did not hear is told with the next."""
        said = Sightings(seen=self._seen, missed=[*self._missed], witness=self._witness, trouble=self._trouble)
        self._came = False
        if self._hub.send(said):
            self._seen, self._missed, self._witness = {}, {}, False

    def _notice(self) -> None:
        words = self._end_trouble or self._sent_trouble
        if words != self._trouble:
            log.warning("network: %s", words) if words else log.info("network: it is there again")
            self._trouble = words


def main(data: Path, *, log_level: str | None, plain: bool) -> int:
    """Run lookout until SIGTERM or SIGINT."""
    settings = load(data, Disk())
    logs.set_up(log_level or settings.salvage.config.system.log_level, plain=plain)
    lookout = Lookout(settings, clock=SystemClock())
    log.info("lookout begins", extra={"version": vigil.__version__})
    lookout.run(set_when_asked(wake=lookout.poke))
    return 0
