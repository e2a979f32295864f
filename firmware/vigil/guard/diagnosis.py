"""Guard's judgement of the box's health: evidence goes in, one verdict and the faults that changed come out."""

from __future__ import annotations

from collections.abc import Iterable

from vigil.guard.deeds import Deed, Enter, Fault
from vigil.guard.evidence import Evidence, Key
from vigil.guard.moment import Moment
from vigil.guard.probes import FAULTS, PROBES
from vigil.guard.probes.part import PartSeen
from vigil.guard.standing import Change, Faults, Standing
from vigil.guard.verdict import Verdict, verdict

_LONGEST = 300


class Diagnosis:
    """
    The part of guard that knows how the box is. `verdict` is that of the last look.

    `expected` are the probes and subjects that must speak; `carried` the
    faults that stood when guard ended: they stand until their probes say that
    all is well.
    """

    due_us: int | None = None

    def __init__(self, now: Moment, *, expected: Iterable[Key] = (), carried: Iterable[Standing] = ()) -> None:
        self._evidence = Evidence(PROBES, expected=expected, began_us=now.steady_us)
        self._faults = Faults(FAULTS, began_us=now.steady_us, carried=carried)
        self.verdict: Verdict = verdict((), (), None, now.steady_us)

    @property
    def standing(self) -> list[Standing]:
        """Every fault that stands."""
        return self._faults.standing

    def hear(self, said: object, now: Moment) -> list[Deed]:
        """Take in evidence, or what another part told as a fault; what follows from it is seen at the next look."""
        if isinstance(said, Fault):
            said = PartSeen(what=said.what, words=said.words)
        self._evidence.take(said, now.steady_us)
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Judge; return an entry for each fault that was raised, or is over."""
        looks = self._evidence.looks(now.steady_us)
        changes = [change for change in self._faults.after(looks, now) if change.standing.level.is_fault]
        self.verdict = verdict(looks, self._faults.standing, self.verdict, now.steady_us)
        return [_entry(change) for change in changes]


def _entry(change: Change) -> Enter:
    one = change.standing
    fields: dict[str, str | int] = {
        "id": one.kind.id, "what": one.what, "why": one.words[:_LONGEST], "level": str(one.level),
        "since_us": one.since_wall_us,
    }  # fmt: skip
    if one.subject:
        fields["subject"] = one.subject
    if one.flaps:
        fields["flaps"] = one.flaps
    return Enter("fault.raised" if change.raised else "fault.cleared", fields)
