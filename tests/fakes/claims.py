"""Whose box it is, before a hand clock: holds, arming, cuts of the power and steps of the clock, as they come."""

from __future__ import annotations

import json

from vigil.clock.trust import Trust
from vigil.guard.claiming import Claiming
from vigil.guard.deeds import Deed, Enter, Keep, Show
from vigil.guard.facts import ArmChanged, ArmState, ClaimAsked, Fact, Plugged, TakeoverAsked
from vigil.guard.moment import Moment
from vigil.guard.ownership import Found, Ownership, Waiting, goes_on, resumed
from vigil.segments.age import Identity

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
OLD = str(Identity(bytes([1]) * 32).recipient)
NEW = str(Identity(bytes([2]) * 32).recipient)


class ClaimedBox:
    """
    The part at work, and what its deeds have made of file, journal and lamps.

    `ran_us` is how long it has run in all, `wall_us` what the clock on the
    wall says of it.
    """

    def __init__(self, ownership: Ownership | None = None, *, has_recipients: bool = False) -> None:
        self.has_recipients = has_recipients
        self.steady_us = 1000 * SECOND
        self.wall_us = 1_800_000_000 * SECOND
        self.ran_us = 0
        self.state = ArmState.DISARMED
        self.file: bytes | None = None if ownership is None else json.dumps(ownership.saved()).encode()
        self.journal: list[tuple[str, dict[str, object]]] = []
        self.lamps: dict[str, str] = {}
        self.deeds: list[Deed] = []
        self.sticks = False
        self._begin()

    @property
    def ownership(self) -> Ownership:
        assert self.part.ownership
        return self.part.ownership

    @property
    def waiting(self) -> Waiting | None:
        return self.ownership.waiting

    @property
    def waited_us(self) -> int:
        assert self.waiting
        return self.waiting.waited_us

    @property
    def left_us(self) -> int:
        assert self.waiting
        return self.waiting.left_us

    def now(self) -> Moment:
        return Moment(self.steady_us, self.wall_us, Trust.SYNCED)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.journal]

    def hears(self, fact: Fact) -> list[Deed]:
        return self._done(self.part.hear(fact, self.now()))

    def arms(self, state: ArmState) -> list[Deed]:
        before, self.state = self.state, state
        return self.hears(ArmChanged(before, state, "somebody", "button"))

    def holds(self) -> list[Deed]:
        return self.hears(ClaimAsked("button panel"))

    def holds_very_long(self) -> list[Deed]:
        """What body tells of such a press: it is a hold first."""
        return [*self.holds(), *self.hears(TakeoverAsked("button panel"))]

    def plugs(self, *, present: bool) -> None:
        self.sticks = present
        self.hears(Plugged("usb-1", "stick", present))

    def runs(self, us: int, *, look_us: int = 60 * SECOND) -> None:
        """Let time pass as guard does, looked at now and then."""
        end_us = self.steady_us + us
        while self.steady_us < end_us:
            step_us = min(look_us, end_us - self.steady_us)
            self.steady_us += step_us
            self.wall_us += step_us
            self.ran_us += step_us
            self._done(self.part.look(self.now()))

    def power_cut(self, *, off_us: int, journal: bool = True, wall_step_us: int = 0) -> None:
        """Let it begin anew, from what is on the disk; the steady hand then begins anew too."""
        self.steady_us = 20 * SECOND
        self.wall_us += off_us + wall_step_us
        self._begin(journal=journal)

    def takes(self, *recipients: str, name: str = "anna") -> str:
        """Let somebody take it; returns why not."""
        taken = self.part.take(name, recipients, "10.0.0.5", "page")
        if isinstance(taken, str):
            return taken
        self.file = json.dumps(taken.ownership.saved()).encode()
        self.part.took(taken)
        self._done(list(taken.deeds))
        return ""

    def cancels(self) -> str:
        deeds, why = self.part.cancel("anna", "page")
        self._done(deeds)
        return why

    def _begin(self, *, journal: bool = True) -> None:
        words = [(kind, fields) for kind, fields in self.journal if kind in ("claim.taken", "reset.done")]
        ends = [kind for kind in self.kinds() if kind.startswith("takeover.") and kind != "takeover.refused"]
        newest = {**words[-1][1], "kind": words[-1][0]} if words else {}
        self.lamps = {}
        self.part = Claiming(has_recipients=self.has_recipients)
        self.hears(ArmChanged(self.state, self.state, "guard", "resumed"))
        if self.sticks:
            self.plugs(present=True)
        found = Found(
            kept=self.file, newest=newest if journal else None, of_takeover=ends[-1] if ends and journal else None
        )
        ownership, self.complaint = resumed(found)
        new = self.file is None and not self.complaint
        waits_on = goes_on(found.of_takeover)
        self._done(self.part.begin(ownership, self.complaint, self.now(), waits_on=waits_on, new=new))

    def _done(self, deeds: list[Deed]) -> list[Deed]:
        for deed in deeds:
            if isinstance(deed, Keep):
                self.file = json.dumps(deed.state).encode()
            elif isinstance(deed, Enter):
                self.journal.append((deed.kind, dict(deed.fields)))
            elif isinstance(deed, Show):
                self.lamps[deed.lamp] = deed.pattern
        self.deeds += deeds
        return deeds
