"""The one place where a PIN is tried: aside, since it takes its time on purpose, and not by whoever guesses."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.config.secrets import pin_matches
from vigil.errors import ConfigError, StoreError
from vigil.events import SetArm
from vigil.guard.pin import Lockout
from vigil.processes.hub import Peer
from vigil.store.disk import Disk

ROUTES = ("page", "keypad", "mqtt")
_WAITING = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """A demand whose PIN was tried: `why` it is refused, nothing where the PIN was right; `worth_telling` the first."""

    peer: Peer
    demand: SetArm
    why: str
    worth_telling: bool = False


class PinDoor:
    """Tries PINs one after the other in a thread of its own; the hash is read anew each time."""

    def __init__(self, disk: Disk, pin: Path) -> None:
        self._disk = disk
        self._path = pin
        self._lockout = Lockout()
        self._asked: queue.Queue[tuple[Peer, SetArm]] = queue.Queue(_WAITING)
        self._tried: queue.Queue[tuple[Peer, SetArm, str]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def knock(self, peer: Peer, demand: SetArm, now_us: int) -> str:
        """Begin to try the PIN of a demand; return at once why not, where it is not tried."""
        if demand.route not in ROUTES or not demand.client:
            return f"a PIN needs to say who tried it and by which way ({', '.join(ROUTES)})"
        if why := self._lockout.refusal(demand.client, demand.route, now_us):
            return why
        try:
            self._asked.put_nowait((peer, demand))
        except queue.Full:
            return "others are trying PINs: wait a moment"
        if self._thread is None:
            self._thread = threading.Thread(target=self._try, name="pins", daemon=True)
            self._thread.start()
        return ""

    def tried(self, now_us: int) -> Iterator[Tried]:
        """Yield what has become of those that were tried, in their order."""
        while not self._tried.empty():
            peer, demand, why = self._tried.get()
            if why == _WRONG:
                # Between the asking and the trying others may have used up what was free.
                waits = self._lockout.wrong(demand.client, demand.route, now_us)
                yield Tried(peer, demand, why, worth_telling=waits)
            else:
                if not why:
                    self._lockout.right(demand.client, demand.route)
                yield Tried(peer, demand, why)

    def _try(self) -> None:
        while True:
            peer, demand = self._asked.get()
            try:
                kept = self._disk.read_bytes(self._path)
                why = "" if pin_matches(demand.pin, kept) else _WRONG
            except (StoreError, ConfigError) as error:
                is_set = self._path.exists()
                why = str(error) if is_set else "no PIN is set: `vigil config set-pin` sets one"
            self._tried.put((peer, demand, why))


_WRONG = "the PIN is wrong"
