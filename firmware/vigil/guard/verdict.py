"""One verdict on the box, and on each thing it was asked about: how it is, since when, why, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from vigil.guard.evidence import Look
from vigil.guard.faults import Level
from vigil.guard.standing import Standing

LONGEST = 300
PROBES_BYTES, FAULTS_BYTES = 120_000, 60_000
"""Of a message's 200,000 bytes, so much is for what the probes say, and for the sentences made from it."""

T = TypeVar("T")
Plain = dict[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    What a probe reads. `id` is that of a fault, or the probe's name where all is well.

    `what` names it to people. `state` is ``stands`` or ``settling`` (away, but
    not for long enough to be over) for what was told as a fault, else ``""``.
    """

    id: str
    subject: str
    level: Level
    since_us: int
    what: str = ""
    why: str = ""
    do: str = ""
    state: str = ""
    flaps: int = 0

    def plain(self) -> Plain:
        """Return it as plain values, for messages; long sentences are cut."""
        return {
            "id": self.id, "subject": self.subject, "level": str(self.level), "since_us": self.since_us,
            "what": self.what, "why": self.why[:LONGEST], "do": self.do, "state": self.state, "flaps": self.flaps,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    How the box is: as its worst reading. `since_us` (steady clock): for how long it has been at this level.

    `blinks` is what the fault lamp counts out, 0 for nothing. Readings come the worst first.
    """

    level: Level
    since_us: int
    blinks: int
    readings: tuple[Reading, ...]

    def faults(self) -> list[str]:
        """Return in a sentence each fault that stands, the worst first."""
        told = [one for one in self.readings if one.state and one.level.is_fault]
        return list(_fitting((f"{one.what}: {one.why}"[: 2 * LONGEST] for one in told), FAULTS_BYTES))

    def plain(self) -> list[Plain]:
        """Return every reading as plain values, the worst first, as many as fit into a message."""
        return list(_fitting((one.plain() for one in self.readings), PROBES_BYTES))


def verdict(looks: Sequence[Look], standing: Sequence[Standing], before: Verdict | None, now_us: int) -> Verdict:
    """Return the verdict from what all probes say and which faults stand."""
    readings = tuple(sorted(_readings(looks, standing, before, now_us), key=_worst_first))
    level = readings[0].level if readings else Level.UNKNOWN
    told = [one for one in standing if one.level.is_fault]
    worst = max((one.level.rank for one in told), default=0)
    return Verdict(
        level=level, since_us=before.since_us if before and before.level is level else now_us,
        blinks=min((int(one.kind.blink) for one in told if one.level.rank == worst), default=0), readings=readings,
    )  # fmt: skip


def level_of(camera: str, readings: Iterable[Mapping[str, str | int]]) -> Level:
    """Return the verdict on one camera: the worst of what is read of it and of its recorder, as plain values."""
    own = (str(one["level"]) for one in readings if one.get("subject") in (camera, f"record@{camera}"))
    return max((Level(level) if level in list(Level) else Level.UNKNOWN for level in own),
               key=lambda level: level.rank, default=Level.UNKNOWN)  # fmt: skip


def _readings(
    looks: Sequence[Look], standing: Sequence[Standing], before: Verdict | None, now_us: int
) -> Iterator[Reading]:
    told = {(one.kind.probe, one.subject) for one in standing}
    for one in standing:
        yield Reading(
            id=one.kind.id, subject=one.subject, level=one.level, since_us=one.since_us, what=one.what, why=one.words,
            do=one.kind.do, state="stands" if one.well_us is None else "settling", flaps=one.flaps,
        )  # fmt: skip
    were = {(one.id, one.subject): one for one in before.readings if not one.state} if before else {}
    for look in looks:
        if look.key not in told:
            id_ = look.probe.name if look.fresh else look.probe.unknown_id
            was = were.get((id_, look.subject)) or _untold(look, id_, now_us)
            yield replace(was, why=look.says) if look.fresh and was.why != look.says else was


def _untold(look: Look, id_: str, now_us: int) -> Reading:
    """Return what is read where no fault stands: that all is well, or that it may still be on its way."""
    what = f"{look.probe.name} {look.subject}".rstrip()
    if look.fresh:
        return Reading(id=id_, subject=look.subject, level=Level.OK, since_us=now_us, what=what, why=look.says)
    return Reading(
        id=id_, subject=look.subject, level=Level.UNKNOWN, since_us=now_us, what=what,
        why="nothing has been heard of it yet", do="Wait a moment.",
    )  # fmt: skip


def _worst_first(one: Reading) -> tuple[int, str, str]:
    return -one.level.rank, one.id, one.subject


def _fitting(some: Iterable[T], room: int) -> Iterator[T]:
    """Yield so many as fit into `room` bytes of JSON."""
    for one in some:
        room -= len(json.dumps(one)) + 1
        if room < 0:
            return
        yield one
