"""Guard's forgetting over segments that a test puts there, a disk as full as it says, a journal that may refuse."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.config.model import Config
from vigil.config.model_storage import Storage
from vigil.config.read import Salvage
from vigil.processes.forgetting import Forgetting
from vigil.processes.place import Place
from vigil.processes.settings import Settings
from vigil.segments.session import Session
from vigil.store.disk import Disk
from vigil.store.marker import make_store
from vigil.store.retention import Kept
from vigil.store.room import Room
from vigil.store.shelf import Shelf

MINUTE_US = 60_000_000


class Standing(Shelf):
    """Segments that a test puts there and takes away."""

    def __init__(self, segments: list[Kept]) -> None:
        super().__init__(Disk(), Path("nowhere"))
        self.segments = segments

    def kept(self) -> list[Kept]:
        return list(self.segments)


class Book:
    """What was entered into a journal that may refuse."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.refuses = False

    def enter(self, kind: str, fields: Mapping[str, Any]) -> bool:
        if not self.refuses:
            self.entries.append({"kind": kind, **fields})
        return not self.refuses


class Roomy(Room):
    """A disk on which so much is free as a test says."""

    free = 10**12

    def free_bytes(self) -> int:
        return self.free

    def make_reserve(self) -> bool:
        return True


def minutes(count: int, *, camera: str = "gate") -> list[Kept]:
    return [Kept(camera, n, 1_000_000, n * MINUTE_US, (n + 1) * MINUTE_US, Trust.SYNCED) for n in range(1, count + 1)]


def forgetting_of(data: Path, clock: HandClock, segments: list[Kept], **storage: Any) -> tuple[Forgetting, Roomy]:
    """Guard's forgetting over these segments, and its disk: with ample room, until a test takes it away."""
    make_store(Disk(), data / "video", os.urandom)
    config = replace(Config(), storage=Storage(free_start_bytes=2_000_000, free_target_bytes=4_000_000, **storage))
    made = Forgetting(Settings(Salvage(config), Place(data), ()), disk=Disk(), clock=clock, session=Session(os.urandom))
    made._shelf = Standing(segments)
    made._room = room = Roomy(Disk(), data / "video", reserve_bytes=1 << 30)
    return made, room
