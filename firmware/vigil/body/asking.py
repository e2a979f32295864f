"""Whom to ask when: those at home in their turn, all others at a pace that the dead cannot spend up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

SECOND_US = 1_000_000
ASKS_A_SECOND = 20
OTHERS_A_SECOND = 4
"""Of these for whoever did not answer last time: one who is not there costs three broadcasts instead of one packet."""

AGAIN_US = (2 * SECOND_US, 5 * SECOND_US)
MISSED_US = 13 * SECOND_US
"""The kernel confirms a stale neighbour after 5 s, with three probes of a second each, and is looked up every 3 s."""

WITNESS = ""
"""The name of what stands for the network; members have longer ones."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to be asked now; without a name it is an address that is tried for somebody's hardware address."""

    name: str | None
    address: str


@dataclass(slots=True)
class _Target:
    """One that is asked. `asked_us` is when the present look began, None between looks."""

    name: str
    next_us: int
    living: bool = False
    address: str = ""
    asked_us: int | None = None
    again: int = 0


class Asking:
    """
    The members' turns, on the steady clock; it sends nothing itself.

    A *look* is a first ask, two more where somebody who was there does not
    answer, and an end: answered, or missed.
    """

    def __init__(self, names: Iterable[str], *, interval_us: int, now_us: int) -> None:
        self._targets = {name: _Target(name, now_us, living=name == WITNESS) for name in (WITNESS, *names)}
        self._interval_us = interval_us
        self._search: deque[str] = deque()
        self._tick_us = now_us - SECOND_US
        self._tried_us = now_us - MISSED_US
        self._missed: list[str] = []

    @property
    def due_us(self) -> int:
        """When there is something to do again; never twice within a second."""
        times = [self._due(target) for target in self._targets.values()]
        soonest_us = self._tick_us if self._search else min(times)
        return max(self._tick_us + SECOND_US, soonest_us)

    @property
    def waits(self) -> bool:
        """Whether anybody has been asked and not answered yet."""
        return any(target.asked_us is not None for target in self._targets.values())

    def searches(self, now_us: int) -> bool:
        """Say whether addresses are still to be tried, or the last of them may still answer."""
        return bool(self._search) or now_us - self._tried_us < MISSED_US

    def is_living(self, name: str) -> bool:
        """Say whether the last look at them was answered."""
        return self._targets[name].living

    def at(self, name: str, address: str) -> None:
        """This is the address of that name now."""
        target = self._targets[name]
        if address != target.address:
            target.address, target.asked_us = address, None

    def address_of(self, name: str) -> str:
        """Return where a name is asked, or nothing."""
        return self._targets[name].address

    def search(self, addresses: Iterable[str]) -> None:
        """Try these addresses, as far as the pace leaves room."""
        self._search.extend(addresses)

    def answered(self, name: str, now_us: int) -> bool:
        """Somebody is there; return whether they were not before."""
        target = self._targets[name]
        came, target.living = not target.living, True
        if target.asked_us is not None:
            target.next_us = target.asked_us + self._interval_us
        elif came:
            target.next_us = now_us + self._interval_us
        target.asked_us = None
        return came

    def missed(self) -> list[str]:
        """Return whose looks have ended without an answer since the last time."""
        missed, self._missed = self._missed, []
        return missed

    def asks(self, now_us: int) -> list[Ask]:
        """Return whom to ask now: at most `ASKS_A_SECOND`, of these `OTHERS_A_SECOND` of whom nobody knows better."""
        if now_us - self._tick_us < SECOND_US:
            return []
        self._tick_us = now_us
        self._end_looks(now_us)
        due = [target for target in self._targets.values() if self._due(target) <= now_us and target.address]
        due.sort(key=lambda target: (target.name != WITNESS, self._due(target)))
        first = [target for target in due if target.living][:ASKS_A_SECOND]
        room = min(OTHERS_A_SECOND, ASKS_A_SECOND - len(first))
        others = [target for target in due if not target.living][:room]
        found = [self._ask(target, now_us) for target in (*first, *others)]
        for _ in range(min(room - len(others), len(self._search))):
            found.append(Ask(None, self._search.popleft()))
            self._tried_us = now_us
        return found

    def _due(self, target: _Target) -> int:
        if target.asked_us is None:
            return target.next_us
        if target.living and target.again < len(AGAIN_US):
            return target.asked_us + AGAIN_US[target.again]
        return target.asked_us + MISSED_US

    def _ask(self, target: _Target, now_us: int) -> Ask:
        if target.asked_us is None:
            target.asked_us, target.again = now_us, 0
        else:
            target.again += 1
        return Ask(target.name, target.address)

    def _end_looks(self, now_us: int) -> None:
        for target in self._targets.values():
            if target.asked_us is not None and now_us - target.asked_us >= MISSED_US:
                target.next_us = target.asked_us + self._interval_us
                self._end(target)
            elif not target.address and target.next_us <= now_us and not self.searches(now_us):
                # A name that nobody knows, or a device that was searched for everywhere, is not there either.
                target.next_us = now_us + self._interval_us
                self._end(target)

    def _end(self, target: _Target) -> None:
        target.asked_us = None
        target.living = target.name == WITNESS
        if target.name != WITNESS:
            self._missed.append(target.name)
