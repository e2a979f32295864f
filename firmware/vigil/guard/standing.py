"""
Which faults stand: told when they come, over when they have been away for a while.

A fault that comes and goes is one fault that flaps: each return is counted,
and each time it must stay away for twice as long before it counts as over. So
however it flaps, it is told a few times an hour at most. Silence neither
raises nor ends a fault that only its probe can see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vigil.config.redact import without_secrets
from vigil.guard.evidence import START_US, Look
from vigil.guard.faults import FaultKind, Level
from vigil.guard.moment import Moment

_SECOND_US = 1_000_000
LONGEST_US = 900 * _SECOND_US
REMEMBERED_US = 3600 * _SECOND_US
"""A fault that comes again within this long of its end is the same one, flapping."""

FaultKey = tuple[str, str]
"""A fault's id and its subject."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A fault that stands, since `since_us` (steady clock; `since_wall_us` for people). `flaps`: how often it came back.

    `well_us`: it has been away since then, but not for long enough to be over.
    """

    kind: FaultKind
    subject: str
    why: str
    since_us: int
    since_wall_us: int
    flaps: int = 0
    well_us: int | None = None

    @property
    def key(self) -> FaultKey:
        """Which fault this is."""
        return self.kind.id, self.subject

    @property
    def level(self) -> Level:
        """How bad it is."""
        return self.kind.level

    @property
    def what(self) -> str:
        """Its name in journal and log."""
        return self.kind.what.format(self.subject)

    @property
    def words(self) -> str:
        """Why, or what it means where nobody said why."""
        return self.why or self.kind.means

    @property
    def settling_us(self) -> int:
        """How long it must stay away to be over."""
        return min(self.kind.settling_s * _SECOND_US << min(self.flaps, 10), LONGEST_US)


@dataclass(frozen=True, slots=True)
class Change:
    """A fault was raised, or is over."""

    standing: Standing
    raised: bool


class Faults:
    """All that stand, and what is remembered of those that are over."""

    def __init__(self, kinds: Mapping[str, FaultKind], *, began_us: int, carried: Iterable[Standing] = ()) -> None:
        self._kinds = kinds
        self._began_us = began_us
        self._standing = {one.key: one for one in carried}
        self._over: dict[FaultKey, tuple[int, int]] = {}

    @property
    def standing(self) -> list[Standing]:
        """Every fault that stands, in the order of its key."""
        return [one for _, one in sorted(self._standing.items())]

    def after(self, looks: Sequence[Look], now: Moment) -> list[Change]:
        """Take in what all probes say now; return what has changed by it."""
        # Words of strangers (a camera's address, say) go into journal and messages from here.
        found = {(one.id, one.subject): without_secrets(one.why) for look in looks for one in look.findings}
        fresh = {look.key: look.fresh for look in looks}
        # Whoever has just been started may still speak of what was wrong before; later, who is silent is gone.
        or_else = now.steady_us - self._began_us > START_US
        self._over = {key: past for key, past in self._over.items() if now.steady_us - past[1] <= REMEMBERED_US}
        changes = [self._raise(key, why, now) for key, why in found.items() if key not in self._standing]
        for key, one in list(self._standing.items()):
            if key in found:
                back = one.well_us is not None
                self._standing[key] = replace(one, why=found[key], well_us=None, flaps=one.flaps + (1 if back else 0))
            elif fresh.get((one.kind.probe, one.subject), or_else):
                changes += self._well(key, one, now)
            else:
                self._standing[key] = replace(one, well_us=None)
        return sorted(changes, key=lambda change: (change.raised, change.standing.key))

    def _raise(self, key: FaultKey, why: str, now: Moment) -> Change:
        flaps = self._over.pop(key)[0] + 1 if key in self._over else 0
        raised = Standing(self._kinds[key[0]], key[1], why, now.steady_us, now.wall_us, flaps)
        self._standing[key] = raised
        return Change(raised, raised=True)

    def _well(self, key: FaultKey, one: Standing, now: Moment) -> list[Change]:
        since_us = now.steady_us if one.well_us is None else one.well_us
        self._standing[key] = one = replace(one, well_us=since_us)
        if now.steady_us - since_us < one.settling_us:
            return []
        del self._standing[key]
        if one.kind.settling_s:
            self._over[key] = one.flaps, now.steady_us
        return [Change(one, raised=False)]
