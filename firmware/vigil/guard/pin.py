"""Who may still try a PIN: guessing is slowed down, and nobody can lock out anybody else by guessing."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US

FREE_TRIES = 3
FIRST_WAIT_US = 30 * _SECOND_US
LONGEST_WAIT_US = _HOUR_US
STRANGERS_AN_HOUR = 30
"""Wrong PINs an hour on one route from clients that never gave the right one: 10,000 PINs then take two weeks."""

_REMEMBERED = 500


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    until_us: int = 0
    known: bool = False


class Lockout:
    """
    How often each client has been wrong lately, on the steady clock.

    A client is whatever its route can tell apart (an address, a session, a
    key pad); `route` is the way it comes by (``page``, ``keypad``, ``mqtt``).
    After `FREE_TRIES` wrong ones a client waits, each time twice as long. As
    whoever has many addresses could go on guessing, strangers of a route
    share a budget; clients that were right before do not need it, so that
    nobody shuts them out by using it up.
    """

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._strangers: dict[str, deque[int]] = {}

    def refusal(self, client: str, route: str, now_us: int) -> str:
        """Return why this client may not try now, in a sentence; nothing where it may."""
        tries = self._tries.get((client, route), _Tries())
        if now_us < tries.until_us:
            return f"too many wrong PINs from here: wait {-(-(tries.until_us - now_us) // _SECOND_US)} s"
        if not tries.known and len(self._lately(route, now_us)) >= STRANGERS_AN_HOUR:
            return "too many wrong PINs by this way: use another, or wait an hour"
        return ""

    def wrong(self, client: str, route: str, now_us: int) -> bool:
        """Count a wrong PIN; say whether the client has to wait now."""
        tries = self._of(client, route)
        tries.wrong += 1
        if not tries.known:
            self._lately(route, now_us).append(now_us)
        if tries.wrong < FREE_TRIES:
            return False
        doublings = min(tries.wrong - FREE_TRIES, 16)
        tries.until_us = now_us + min(LONGEST_WAIT_US, FIRST_WAIT_US << doublings)
        return True

    def right(self, client: str, route: str) -> None:
        """Somebody knew the PIN: this client begins anew, and is no stranger any more."""
        tries = self._of(client, route)
        tries.wrong, tries.until_us, tries.known = 0, 0, True

    def _of(self, client: str, route: str) -> _Tries:
        tries = self._tries.setdefault((client, route), _Tries())
        self._tries.move_to_end((client, route))
        while len(self._tries) > _REMEMBERED:
            # Strangers first: whoever invents clients must not push out those who are known.
            strangers = (key for key, one in self._tries.items() if not one.known)
            self._tries.pop(next(strangers, next(iter(self._tries))))
        return tries

    def _lately(self, route: str, now_us: int) -> deque[int]:
        lately = self._strangers.setdefault(route, deque(maxlen=STRANGERS_AN_HOUR))
        while lately and now_us - lately[0] >= _HOUR_US:
            lately.popleft()
        return lately
