"""What a system must have shown before it is trusted with the next start. Deciding only: `confirm.py` acts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

RECORDER = "vigil-record"
GUARD = "vigil-guard.service"
UPKEEP = "vigil-upkeep.service"
MOUNTS = ("/vigil/state", "/vigil/video")
# A recorder that does not do what it promises is ended by its watchdog after 60 s.
PROVED_US = 75_000_000
# A system on trial that has not proved itself by then is given up, and the box restarts into the old one.
TRIAL_US = 600_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit as systemd sees it. `since_us`: when it last became active, on the steady clock."""

    state: str
    since_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """
    What is seen of the running system: its units by name, and what is mounted, at `now_us` since the start.

    `lacks_network`: none is reached, though the system before this trial did reach one.
    """

    now_us: int
    units: Mapping[str, Unit]
    mounted: Collection[str]
    lacks_network: bool = False


class Verdict(Enum):
    """What to do about the slot that runs."""

    CONFIRM = "confirm"
    WAIT = "wait"
    RESTART = "restart"


def unproven(facts: Facts, *, on_trial: bool) -> list[str]:
    """
    Why the system is not trusted yet, a sentence each; none if it is.

    A committed system need only record (or, without cameras, judge): what else is broken may be the card's fault, and
    the other slot has the same card. A system on trial must bring everything that the old one had. Nobody is asked
    for a camera: a recorder whose camera is away is still in order.
    """
    probes = (recording, *TRIAL_PROBES) if on_trial else (recording,)
    return list(dict.fromkeys(reason for probe in probes for reason in probe(facts)))


def recording(facts: Facts) -> list[str]:
    """
    Every recorder has outlived its watchdog, which it feeds only while what it promises becomes durable.

    Without cameras guard speaks for the box.
    """
    recorders = sorted(name for name in facts.units if name.startswith(RECORDER))
    needed = [name for name in recorders if facts.units[name].state != "inactive"] or [GUARD]
    return [reason for name in needed if (reason := _not_proved(name, facts))]


def judging(facts: Facts) -> list[str]:
    """Guard and upkeep run."""
    return [reason for name in (GUARD, UPKEEP) if (reason := _not_proved(name, facts))]


def keeping(facts: Facts) -> list[str]:
    """State and recordings are where they belong."""
    return [f"{place} is not mounted" for place in MOUNTS if place not in facts.mounted]


def reaching(facts: Facts) -> list[str]:
    """A network is reached, if one was before: a box in a cellar must be able to take updates too."""
    return ["no network is reached, and the system before reached one"] if facts.lacks_network else []


TRIAL_PROBES = (judging, keeping, reaching)
"""What a system on trial must show beyond recording; a part of the box that may fail adds its own."""


def verdict(facts: Facts, *, on_trial: bool) -> Verdict:
    """What follows from the facts. Only a trial has an end: a committed system goes on as well as it can."""
    if not unproven(facts, on_trial=on_trial):
        return Verdict.CONFIRM
    return Verdict.RESTART if on_trial and facts.now_us >= TRIAL_US else Verdict.WAIT


def _not_proved(name: str, facts: Facts) -> str:
    unit = facts.units.get(name)
    if unit is None or unit.state != "active":
        return f"{name} is {unit.state if unit else 'not there'}"
    lives_us = facts.now_us - unit.since_us
    return "" if lives_us >= PROVED_US else f"{name} has run for {lives_us // 1_000_000} s only"
