"""Claiming the box, and taking it over where its owner forgot everything: who may, when, and after which wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vigil.config.recipients import check_recipient
from vigil.errors import ConfigError
from vigil.guard.claim_table import Circumstances, Hold, Outcome, verdict
from vigil.guard.deeds import Deed, Enter, Fault, Happened, Keep, Show, Tell
from vigil.guard.facts import ArmChanged, ArmState, ClaimAsked, ClaimOpen, Fact, Plugged, TakeoverAsked
from vigil.guard.moment import Moment
from vigil.guard.ownership import LAPSED_US, Owned, Ownership, Waiting

SUBJECT = "claim"
"""Of the state file."""

OPEN_US = 600_000_000
"""For so long claiming stays open after a press."""

LOOK_MOST_US = 60_000_000
"""What a single look may count: of a time for which nobody came round, nobody was told anything."""

SAVE_US = 60_000_000
"""A cut of the power costs a waiting takeover so much at most."""

_NAME_MOST = 64
_RECIPIENTS_MOST = 8
_WAITS = (
    "somebody before the box asked to take it over, which takes a day: if that was not you, cancel it "
    "(vigil takeover cancel) or arm the box"
)

_OPEN, _CALLING = Show("status", "fast"), Show("fault", "calling")
"""Anybody can see that claiming is open, or that a takeover waits."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Claiming is open: what for (``unclaimed``, ``prepared``, ``unknown``, ``takeover``), until when (steady)."""

    why: str
    until_us: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim that may be granted: what is to be durable first, and what follows once it is."""

    ownership: Ownership
    deeds: tuple[Deed, ...]


class Claiming:
    """
    The part that knows whose box it is.

    `has_recipients` says whether the configuration names somebody to seal for.
    Until `begin`, and until the arm state is known, nothing is granted.
    """

    def __init__(self, *, has_recipients: bool) -> None:
        self._has_recipients = has_recipients
        self._ownership: Ownership | None = None
        self._disarmed = False
        self._sticks: set[str] = set()
        self._looked_us = 0
        self._saved_us = 0
        self.opened: Opened | None = None
        self.last: tuple[str, str] = ("", "")

    @property
    def ownership(self) -> Ownership | None:
        """What is known; None before `begin`."""
        return self._ownership

    @property
    def owned(self) -> Owned:
        """Whose the box is."""
        owned = self._ownership.owned if self._ownership else Owned.UNKNOWN
        return Owned.PREPARED if owned is Owned.UNCLAIMED and self._has_recipients else owned

    @property
    def due_us(self) -> int | None:
        """When claiming closes by itself."""
        return self.opened.until_us if self.opened else None

    def begin(self, ownership: Ownership, complaint: str, now: Moment, *, waits_on: bool, new: bool) -> list[Deed]:
        """Return what follows from a start; `waits_on` where the journal knows of no end of the takeover, if any."""
        self._ownership = ownership
        self._looked_us = now.steady_us
        deeds: list[Deed] = [Fault("ownership", complaint)] if complaint else []
        if new:
            deeds.append(Keep(SUBJECT, ownership.saved()))
        if ownership.waiting is None:
            return deeds
        self._saved_us = ownership.waiting.waited_us
        if not waits_on or not self._disarmed:
            return [*deeds, *self._cancelled("guard", "start", "it cannot be shown that it went on all the time")]
        return [*deeds, Fault("takeover", _WAITS), _CALLING]

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from a hold, from arming, and from what is plugged in."""
        if isinstance(fact, ArmChanged):
            return self._armed_or_disarmed(fact)
        if isinstance(fact, Plugged) and fact.present and fact.kind == "stick":
            self._sticks.add(fact.device)
        if isinstance(fact, Plugged) and not fact.present:
            self._sticks.discard(fact.device)
        if isinstance(fact, ClaimAsked):
            return self.ask(Hold.CLAIM, fact.who, "button", now)[0]
        if isinstance(fact, TakeoverAsked):
            return self.ask(Hold.TAKEOVER, fact.who, "button", now)[0]
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from time alone: claiming closes, and a takeover that people could see waits on."""
        passed_us = min(max(0, now.steady_us - self._looked_us), LOOK_MOST_US)
        self._looked_us = max(now.steady_us, self._looked_us)
        closed: list[Deed] = []
        if self.opened and now.steady_us >= self.opened.until_us:
            closed = self._closed("nobody has taken the box in ten minutes")
        waited = self._waited(passed_us)
        # Said at each look: whoever else has something to show there must not hide it for longer.
        return [*closed, *waited, *([_OPEN] if self.opened else [])]

    def ask(self, hold: Hold, who: str, how: str, now: Moment) -> tuple[list[Deed], str]:
        """Return what comes of a hold, or of a command that stands for one; and why it is not more."""
        ownership = self._ownership
        if ownership is None:
            return [], "guard has just begun and does not know yet whose the box is: ask again"
        waiting = ownership.waiting
        found = verdict(
            hold,
            Circumstances(
                owned=self.owned, disarmed=self._disarmed, stick=bool(self._sticks), waiting=waiting is not None,
                ripe=waiting is not None and waiting.ripe,
            ),
        )  # fmt: skip
        if found.outcome is Outcome.REFUSE:
            kind = "takeover.refused" if hold is Hold.TAKEOVER else "claim.refused"
            return [self._entered(kind, found.why, {"who": who, "how": how, "why": found.why})], found.why
        if found.outcome is Outcome.OPEN:
            why = "takeover" if waiting and waiting.ripe else str(self.owned)
            self.opened = Opened(why, now.steady_us + OPEN_US)
            fields = {"who": who, "how": how, "why": why, "for_s": OPEN_US // 1_000_000}
            entry = self._entered("claim.opened", f"claiming is open: {why}", fields)
            return [entry, _OPEN, Happened(ClaimOpen(is_open=True))], ""
        if found.outcome is Outcome.ANNOUNCE:
            return self._announced(ownership, who, how, now), ""
        return [], found.why

    def take(self, administrator: str, recipients: Sequence[str], who: str, how: str) -> Taken | str:
        """Return what would follow if somebody took the box now; or why that is refused."""
        if self.opened is None or self._ownership is None:
            return "claiming is not open: hold the button for ten seconds first"
        why = self.opened.why
        if wrong := self._wrong(administrator, recipients, why):
            return wrong
        before = self._ownership
        ownership = Ownership(
            owned=Owned.CLAIMED, administrator=administrator, recipients=tuple(recipients), how=why,
            taken=before.taken + 1,
        )  # fmt: skip
        by = {"who": who, "how": how}
        fields = {"administrator": administrator, "recipients": list(recipients), "why": why, "taken": ownership.taken}
        completed = [Enter("takeover.completed", {**by, "before": before.administrator})] if why == "takeover" else []
        told = f"{administrator} has claimed this box ({why})"
        deeds: tuple[Deed, ...] = (
            *completed, Enter("claim.taken", {**fields, **by}), Fault("takeover", ""), Fault("ownership", ""),
            Show("status", ""), Happened(ClaimOpen(is_open=False)),
            *([Show("fault", "")] if before.waiting else []), Tell("claim", told),
        )  # fmt: skip
        return Taken(ownership, deeds)

    def took(self, taken: Taken) -> None:
        """What `take` gave is durable: from here on it holds."""
        self._ownership = taken.ownership
        self.opened = None
        self.last = ("claim.taken", f"{taken.ownership.administrator} has claimed this box")

    def cancel(self, who: str, how: str) -> tuple[list[Deed], str]:
        """Return what follows where somebody who may cancels the takeover; and why there is nothing to cancel."""
        if self._ownership is None or self._ownership.waiting is None:
            return [], "there is no takeover to cancel"
        return self._cancelled(who, how, "it was cancelled"), ""

    # What follows

    def _armed_or_disarmed(self, fact: ArmChanged) -> list[Deed]:
        self._disarmed = fact.after is ArmState.DISARMED
        if self._disarmed:
            return []
        if self._ownership and self._ownership.waiting:
            return self._cancelled(fact.who, fact.how, f"the box went to {fact.after}")
        guarded = self.opened is not None and self.opened.why != Owned.UNCLAIMED
        return self._closed(f"the box went to {fact.after}") if guarded else []

    def _announced(self, before: Ownership, who: str, how: str, now: Moment) -> list[Deed]:
        self._ownership = replace(before, waiting=Waiting(by=who, at_us=now.wall_us))
        self._saved_us = 0
        self._looked_us = max(now.steady_us, self._looked_us)
        return [
            Keep(SUBJECT, self._ownership.saved()),
            self._entered("takeover.announced", _WAITS, {"who": who, "how": how}),
            Fault("takeover", _WAITS), _CALLING, Tell("takeover", _WAITS),
        ]  # fmt: skip

    def _waited(self, passed_us: int) -> list[Deed]:
        before = self._ownership
        if before is None or before.waiting is None:
            return []
        waiting = replace(before.waiting, waited_us=before.waiting.waited_us + passed_us)
        self._ownership = replace(before, waiting=waiting)
        if waiting.waited_us >= LAPSED_US:
            return self._cancelled("guard", "lapsed", "nobody completed it within a day")
        deeds: list[Deed] = [_CALLING]
        ripens = waiting.ripe and not before.waiting.ripe
        if ripens or waiting.waited_us - self._saved_us >= SAVE_US:
            self._saved_us = waiting.waited_us
            deeds.append(Keep(SUBJECT, self._ownership.saved()))
        if ripens:
            words = "whoever holds the button for ten seconds may claim this box now: arm it, if that is not to be"
            deeds += [self._entered("takeover.ripe", words, {"who": waiting.by}), Tell("takeover", words)]
        return deeds

    def _cancelled(self, who: str, how: str, why: str) -> list[Deed]:
        assert self._ownership
        self._ownership = replace(self._ownership, waiting=None)
        closed = self._closed(why) if self.opened and self.opened.why == "takeover" else []
        return [
            Keep(SUBJECT, self._ownership.saved()),
            self._entered("takeover.cancelled", why, {"who": who, "how": how, "why": why}),
            Fault("takeover", ""), Show("fault", ""), *closed, Tell("takeover", f"the takeover ends: {why}"),
        ]  # fmt: skip

    def _closed(self, why: str) -> list[Deed]:
        assert self.opened
        fields, self.opened = {"opened": self.opened.why, "why": why}, None
        return [self._entered("claim.closed", why, fields), Show("status", ""), Happened(ClaimOpen(is_open=False))]

    def _wrong(self, administrator: str, recipients: Sequence[str], why: str) -> str:
        """Say what is wrong with a claim."""
        named = administrator.strip() == administrator and administrator.isprintable()
        if not named or not 1 <= len(administrator) <= _NAME_MOST:
            return f"give the administrator a name of 1 to {_NAME_MOST} characters"
        if self._has_recipients and why != "takeover":
            stays = "whom this box seals for stands in its settings, and stays so: claim it without a key"
            return stays if recipients else ""
        if not 1 <= len(recipients) <= _RECIPIENTS_MOST:
            return "give the public key (age1…) of whoever may open recordings: vigil keys new makes one"
        try:
            for one in recipients:
                check_recipient(one)
        except ConfigError as error:
            return str(error)
        return ""

    def _entered(self, kind: str, words: str, fields: Mapping[str, object]) -> Enter:
        self.last = (kind, words)
        return Enter(kind, fields)
