"""Host names of members become addresses, in a thread of their own: whoever knows names may take long to say so."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable

from vigil.config.presence_checks import is_of_a_home

log = logging.getLogger(__name__)
EVERY_S = 300.0
SOON_S = 30.0
"""A phone that comes home is known by its name only from then on."""


def address_of(name: str) -> str:
    """Return the IPv4 address of a host name in a home network, or nothing."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return ""
    return next((str(address[0]) for *_, address in found if is_of_a_home(str(address[0]))), "")


class NamesLookedUp:
    """What was found of each name; one that is no longer known keeps its last address."""

    def __init__(self, names: Iterable[str], *, ask: Callable[[str], str] = address_of) -> None:
        self._names = tuple(names)
        self._ask = ask
        self._found: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)

    def start(self) -> None:
        """Begin, where there is any name to look up."""
        if self._names:
            self._thread.start()

    def found(self) -> dict[str, str]:
        """Return the address of each name that was ever known."""
        return dict(self._found)

    def look_up(self) -> float:
        """Look all names up once; return after how many seconds to do so again."""
        every_s = EVERY_S
        for name in self._names:
            if address := self._ask(name):
                self._found[name] = address
            else:
                every_s = SOON_S
            if self._stop.is_set():
                break
        return every_s

    def close(self) -> None:
        """Look up no more; who is waiting for an answer is left behind."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self.look_up()):
            pass
