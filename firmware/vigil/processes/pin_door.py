"""The one place where a PIN, or its passphrase, is tried: aside, since it takes its time, and not by who guesses."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.config.secrets import SecretFiles, hash_pin, passphrase_matches, pin_matches
from vigil.errors import ConfigError, StoreError
from vigil.events import CancelTakeover, NewPin, SetArm
from vigil.guard.pin import Lockout
from vigil.processes.hub import Peer
from vigil.store.disk import Disk

ROUTES = ("page", "keypad", "mqtt")
_WAITING = 8

Demand = SetArm | CancelTakeover | NewPin
"""What is demanded by a PIN, or by the passphrase that sets one."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A demand whose PIN was tried: `why` it is refused, nothing where the PIN was right; `worth_telling` the first."""

    peer: Peer
    demand: Demand
    why: str
    worth_telling: bool = False


class PinDoor:
    """Tries PINs one after the other in a thread of its own; the hash is read anew each time."""

    def __init__(self, disk: Disk, secrets: SecretFiles) -> None:
        self._disk = disk
        self._secrets = secrets
        self._lockout = Lockout()
        self._asked: queue.Queue[tuple[Peer, Demand]] = queue.Queue(_WAITING)
        self._tried: queue.Queue[tuple[Peer, Demand, str]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def knock(self, peer: Peer, demand: Demand, now_us: int) -> str:
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
            if why in (_WRONG, _WRONG_PHRASE):
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
            self._tried.put(
                (peer, demand, self._renewed(demand) if isinstance(demand, NewPin) else self._opens(demand))
            )

    def _opens(self, demand: SetArm | CancelTakeover) -> str:
        try:
            kept = self._kept(self._secrets.pin, "no PIN is set: `vigil config set-pin` sets one")
            return "" if pin_matches(demand.pin, kept) else _WRONG
        except (StoreError, ConfigError) as error:
            return str(error)

    def _renewed(self, demand: NewPin) -> str:
        """Set a new PIN, and let the passphrase go. A cut in between leaves it, for whoever had no answer."""
        secrets = self._secrets
        try:
            kept = self._kept(
                secrets.pin_recovery, "there is no passphrase, or it is used up: see docs/guide/claiming.md"
            )
            if not passphrase_matches(demand.passphrase, kept):
                return _WRONG_PHRASE
            self._disk.replace(secrets.pin, hash_pin(demand.pin, os.urandom))
            self._disk.unlink(secrets.pin_recovery)
            self._disk.sync_directory(secrets.of_guard)
        except (StoreError, ConfigError, OSError) as error:
            return str(error)
        return ""

    def _kept(self, path: Path, missing: str) -> bytes:
        if not path.exists():
            raise ConfigError([missing])
        return self._disk.read_bytes(path)


_WRONG = "the PIN is wrong"
_WRONG_PHRASE = "the recovery passphrase is wrong"
