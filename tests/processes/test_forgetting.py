"""Forgetting: what is ordered deleted and still there is not replaced by something else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model import Config, Storage
from vigil.config.read import Salvage
from vigil.processes.forgetting import Forgetting
from vigil.processes.place import Place
from vigil.processes.settings import Settings
from vigil.segments.session import Session
from vigil.store.disk import Disk
from vigil.store.marker import make_store
from vigil.store.retention import Kept
from vigil.store.shelf import Shelf

MINUTE_US = 60_000_000


class Standing(Shelf):
    """Segments that a test puts there and takes away."""

    def __init__(self, segments: list[Kept]) -> None:
        super().__init__(Disk(), Path("nowhere"))
        self.segments = segments

    def kept(self) -> list[Kept]:
        return list(self.segments)


def test_orders_that_are_being_obeyed_are_not_given_again_to_others(tmp_path):
    make_store(Disk(), tmp_path / "video", os.urandom)
    config = replace(Config(), storage=Storage(maximum_bytes=40_000_000, free_start_bytes=1_048_576))
    clock = HandClock()
    forgetting = Forgetting(
        Settings(Salvage(config), Place(tmp_path), ()), disk=Disk(), clock=clock, session=Session(os.urandom)
    )
    shelf = Standing(
        [Kept("gate", n, 1_000_000, n * MINUTE_US, (n + 1) * MINUTE_US, Trust.SYNCED) for n in range(1, 46)]
    )
    forgetting._shelf = shelf

    first = [order.segment for order in forgetting.due(now_us=0, days_count=False)]
    again = [order.segment for order in forgetting.due(now_us=0, days_count=False)]
    shelf.segments = shelf.segments[len(first) - 2 :]
    clock.sleep(61)
    forgotten = [order.segment for order in forgetting.due(now_us=0, days_count=False)]

    assert first == list(range(1, len(first) + 1))
    assert again == []
    assert forgotten == []  # two are left of what was ordered, and without them it is little enough
