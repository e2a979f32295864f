"""A household whose phones answer or do not, guard's part that judges it, and the alarm that follows; a hand clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from vigil.clock.trust import Trust
from vigil.config.model_presence import Member, Presence
from vigil.guard.arm_table import Delays, Standing
from vigil.guard.arming import Arming
from vigil.guard.deeds import Arm, Deed, Enter, Fault, Happened, Keep
from vigil.guard.facts import ArmChanged, Fact, Looked, PresenceChanged
from vigil.guard.moment import Moment
from vigil.guard.presence import Home

SECOND = 1_000_000
MINUTE = 60 * SECOND
FAMILY = (
    Member(id="anna", device="10.0.0.2"),
    Member(id="ben", device="10.0.0.3"),
    Member(id="carl", device="10.0.0.4", role="child"),
    Member(id="guest", device="10.0.0.5", role="guest"),
)


class House:
    """
    Lookout tells of the whole household every ten seconds, as it does.

    `there` are those whose phones answer, `router` whether the network's
    witness does, `looking` whether lookout is alive.
    """

    def __init__(
        self, presence: Presence, members: Iterable[Member] = FAMILY, *, there: Iterable[str] = (), kept: object = None
    ) -> None:
        self.presence, self.members = presence, tuple(members)
        self.there = set(there)
        self.router = self.looking = True
        self.trouble = ""
        self.steady_us, self.wall_us = 5 * MINUTE, 1_700_000_000 * SECOND
        self.states: list[str] = []
        self.journal: list[tuple[str, Mapping[str, Any]]] = []
        self.faults: dict[str, str] = {}
        self.kept: dict[str, Any] = {}
        self.order: list[str] = []
        self._boots(kept, Standing())

    def _boots(self, kept: object, standing: Standing) -> None:
        self.home = Home(self.presence, self.members, kept, self.steady_us)
        delays = Delays(exit_us=45 * SECOND, entry_us=30 * SECOND, trigger_us=300 * SECOND)
        self.arming = Arming(standing, delays, siren_s=0, boot="b")
        state = standing.state
        self.tell(ArmChanged(state, state, "guard", "resumed"))

    def restarts(self, *, after_s: int = 60) -> None:
        """The box is off for a while; the disk has what was kept, as JSON."""
        self.wall_us += after_s * SECOND
        self.steady_us = 30 * SECOND
        self.states.append("restart")
        self._boots(json.loads(json.dumps(self.kept.get("presence"))), self.arming.standing)

    @property
    def arm(self) -> str:
        return str(self.arming.standing.state)

    def passes(self, seconds: float) -> None:
        """Let time pass: guard looks every second, lookout speaks every ten."""
        for _ in range(round(seconds)):
            self.steady_us += SECOND
            self.wall_us += SECOND
            if self.looking and self.steady_us // SECOND % 10 == 0:
                self.looks()
            self.do(self.home.look(self.now()))
            self.do(self.arming.look(self.now()))

    def looks(self) -> None:
        """Lookout says how everybody is."""
        names = [member.id for member in self.members]
        seen = {name: "ping" for name in names if name in self.there and not self.trouble}
        missed = tuple(name for name in names if name not in seen)
        self.tell(Looked(seen, missed, self.router and not self.trouble, self.trouble))

    def comes(self, name: str) -> None:
        """Somebody comes home; lookout says so at once."""
        self.there.add(name)
        self.tell(Looked({name: "ping"}))

    def tell(self, fact: Fact) -> None:
        self.do(self.home.hear(fact, self.now()))

    def by_hand(self, mode: str, how: str = "command") -> None:
        """A person, or a rule, arms or disarms."""
        self.do([Arm(mode, "somebody", how)])  # type: ignore[arg-type]

    def do(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            self.order.append(type(deed).__name__)
            match deed:
                case Happened(PresenceChanged(state)):
                    self.states.append(state)
                case Happened(ArmChanged() as fact):
                    self.tell(fact)
                case Arm():
                    self.do(self.arming.demand(deed, self.now()))
                case Keep(subject, state):
                    self.kept[subject] = state
                case Enter(kind, fields):
                    self.journal.append((kind, fields))
                case Fault(what, words):
                    self.faults[what] = words

    def entered(self, kind: str) -> list[Mapping[str, Any]]:
        return [fields for one, fields in self.journal if one == kind]

    def now(self) -> Moment:
        return Moment(self.steady_us, self.wall_us, Trust.SYNCED)
