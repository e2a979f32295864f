"""What a box that is well would be told, for tests of whoever judges it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vigil.clock.trust import Trust
from vigil.events import Board, Status
from vigil.guard.moment import Moment
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.clock import ClockSeen
from vigil.guard.probes.configuration import ConfigurationSeen
from vigil.guard.probes.disk import DiskSeen
from vigil.guard.probes.journal import JournalSeen
from vigil.guard.probes.keys import KeysSeen
from vigil.guard.probes.network import NetworkSeen
from vigil.guard.probes.part import PartSeen
from vigil.guard.probes.power import PowerSeen
from vigil.guard.probes.process import ProcessSeen
from vigil.guard.probes.update import UpdateSeen
from vigil.guard.probes.wear import WearSeen

SECOND = 1_000_000
BEGAN_US = 50 * SECOND
MIDNIGHT_US = 1_770_000_000 * SECOND
DISK = DiskSeen(total_bytes=10**12, free_bytes=10**11, least_bytes=10**8)


def at(seconds: float) -> Moment:
    """So many seconds after guard began."""
    us = round(seconds * SECOND)
    return Moment(steady_us=BEGAN_US + us, wall_us=MIDNIGHT_US + us, trust=Trust.SYNCED)


def camera(name: str = "gate", state: str = "recording", **given: Any) -> Status:
    """A camera that does well, but for what is given."""
    well = Status(
        camera=name, state=state, mode="continuous", fps=25.0, durable_age_s=0.8, picture_check="ok", clock="synced"
    )
    return replace(well, **given)


WELL = (
    camera(),
    DISK,
    CardSeen(),
    ClockSeen(trust=Trust.SYNCED, was_synced=True),
    PowerSeen(last="mains", words="there are mains"),
    Board(temperature_c=48.3),
    WearSeen(used_pct=12, days=4000),
    NetworkSeen(reached=True, was_reached=True, connected=("eth0",)),
    PartSeen(what="sensor hall", words=""),
    KeysSeen(certified=True),
    ConfigurationSeen(),
    UpdateSeen(),
    JournalSeen(open=True),
    ProcessSeen(name="record@gate"),
)
"""What every probe hears of a box that is well."""
