"""Who is at home: what the members' devices answer becomes a state of the house; a network that is away makes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from vigil.config.model_presence import Member, Presence
from vigil.guard.deeds import Deed, Enter, Fault, Happened, Keep
from vigil.guard.facts import ArmChanged, Fact, Looked, PresenceChanged, PresenceState
from vigil.guard.moment import Moment
from vigil.guard.presence_arming import Following
from vigil.guard.presence_members import Kin, kin_of, network_of

SUBJECT = "presence"
"""Of the state file, and of the fault that tells that nobody can say who is at home."""

_SILENT_US = 30_000_000
"""Lookout speaks every ten seconds; who has been silent for so long is not there."""

_FAULT_US = 900_000_000
"""A router that restarts is no fault; one that is away for a quarter of an hour is."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one member: at home or not (None: unknown) since when (UTC), and when and how it answered."""

    member: Member
    home: bool | None
    since_us: int
    seen_us: int | None
    how: str


class Home:
    """The part that knows who is at home. `kept` is what it asked to be kept at an earlier start."""

    def __init__(self, presence: Presence, members: Sequence[Member], kept: object, now_us: int) -> None:
        memory: dict[str, Any] = kept if isinstance(kept, dict) else {}
        earlier = memory.get("members")
        earlier = earlier if isinstance(earlier, dict) else {}
        self._named = presence.witness
        self._kin = {member.id: kin_of(member, presence, earlier.get(member.id)) for member in members}
        self._network = network_of(presence)
        self._following = Following(presence, own=memory.get("armed") is True)
        self._last: PresenceState | None = memory["known"] if memory.get("known") in get_args(PresenceState) else None
        self._state: PresenceState = "unknown"
        self._moved: dict[str, None] = {}
        self._trouble = ""
        self._heard_us = self._well_us = now_us
        self._told = self._unkept = False

    @property
    def due_us(self) -> int | None:
        """Nothing here is in more haste than the look that comes every second."""
        return None

    @property
    def state(self) -> PresenceState:
        """Who is at home."""
        return self._state

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from an answer, or from its absence."""
        if isinstance(fact, ArmChanged):
            return [self._keep()] if self._following.hear(fact) else []
        if not isinstance(fact, Looked):
            return []
        self._note(fact, now)
        return self._judge(now)

    def look(self, now: Moment) -> list[Deed]:
        """Return what follows from silence."""
        return self._judge(now)

    def known(self) -> list[Known]:
        """Return what is known of each member, in the order of the configuration."""
        return [
            Known(one.member, one.known(self._network), one.since_us, one.seen_us, one.how)
            for one in self._kin.values()
        ]

    def why(self, now_us: int) -> str:
        """Say why nobody knows who is at home; nothing where it is known."""
        if now_us - self._heard_us >= _SILENT_US:
            return "nobody looks who is at home: the process lookout is away"
        if not self._network.is_there(now_us):
            witness = self._named or "the router"
            return self._trouble or f"{witness} does not answer, so the network may be away"
        unsure = [name for name, one in self._kin.items() if one.counts and one.known(self._network) is None]
        return f"it is not known yet of {', '.join(unsure[:5])}" if unsure else ""

    def _note(self, looked: Looked, now: Moment) -> None:
        self._heard_us, self._trouble = now.steady_us, looked.trouble
        if looked.witness or (looked.seen and not self._named):
            self._network.answered(now.steady_us)
        for name, how in looked.seen.items():
            if (kin := self._kin.get(name)) and kin.answers(how, now.steady_us, now.wall_us):
                self._has_moved(kin)
        for name in looked.missed:
            if kin := self._kin.get(name):
                kin.missed_us = now.steady_us

    def _judge(self, now: Moment) -> list[Deed]:
        for kin in self._kin.values():
            if kin.leaves(self._network, now.steady_us, now.wall_us):
                self._has_moved(kin)
        why = self.why(now.steady_us)
        state: PresenceState = "unknown" if why else _state_of(list(self._kin.values()))
        deeds = self._changed(state, why) if state != self._state else [self._keep()] if self._unkept else []
        self._unkept = False
        return [*self._faults(why, now), *deeds]

    def _has_moved(self, kin: Kin) -> None:
        """Note who came or went: guests too are kept, but make no difference."""
        self._unkept = True
        if kin.counts:
            self._moved[kin.member.id] = None

    def _changed(self, state: PresenceState, why: str) -> list[Deed]:
        """Kept, entered, told, and only then followed by the alarm."""
        before, self._state = self._state, state
        who = "" if why else ", ".join(self._moved)
        follows: list[Deed] = []
        if state != "unknown":
            self._moved.clear()
            # What is known for the first time is no change: nobody came, and nobody went.
            if self._last not in (None, state):
                follows = self._following.follow(state, who or SUBJECT)
            self._last = state
        said = {"before": before, "after": state, "who": who, "why": why}
        fields = {key: words for key, words in said.items() if words}
        return [self._keep(), Enter("presence.changed", fields), Happened(PresenceChanged(state)), *follows]

    def _faults(self, why: str, now: Moment) -> list[Deed]:
        """Tell when nobody has known for long; that somebody is still asked for the first time is no fault."""
        away = not self._network.is_there(now.steady_us) or now.steady_us - self._heard_us >= _SILENT_US
        if not away:
            self._well_us = now.steady_us
        late = away and now.steady_us - self._well_us >= _FAULT_US
        if late is self._told:
            return []
        self._told = late
        return [Fault(SUBJECT, f"nobody knows who is at home: {why}" if late else "")]

    def _keep(self) -> Keep:
        members: Mapping[str, Any] = {
            name: {"home": home, "since_us": one.since_us}
            for name, one in self._kin.items()
            if (home := one.home if one.home is not None else one.was) is not None
        }
        return Keep(SUBJECT, {"members": members, "known": self._last or "", "armed": self._following.own})


def _state_of(kin: Sequence[Kin]) -> PresenceState:
    """Return who is at home, where it is known of all who count."""
    home = {role: [one.home for one in kin if one.member.role == role] for role in ("adult", "child")}
    there = [*home["adult"], *home["child"]]
    if not any(there):
        return "EMPTY" if there else "unknown"
    if all(there):
        return "ALL_HOME"
    return "ADULTS_HOME" if any(home["adult"]) else "KIDS_HOME"
