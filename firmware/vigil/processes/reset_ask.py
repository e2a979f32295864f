"""Asking a running box to start over: what would be lost, what stands in the way, and the note for the next start."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vigil.clock import Clock
from vigil.errors import DeviceError, ResetRefused, StoreError
from vigil.processes.place import Place
from vigil.processes.remount import Writable
from vigil.processes.reset import forget_setup, last_taken, mark
from vigil.processes.tellings import tell
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import cameras_in, segments_of
from vigil.upkeep.block_devices import Card
from vigil.upkeep.reset import NOTE, Note, Tier


@dataclass(frozen=True, slots=True)
class Loss:
    """What lies on the card and would be gone: segments of so many cameras, and how many of them are held."""

    segments: int
    cameras: int
    held: int


class Asking:
    """A box that is to start over at its next start: whoever asks restarts it then. `card` is what it started from."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        card: Callable[[], Card],
        boot: Path,
        writable: Writable,
        is_there: Callable[[Path], bool] = os.path.ismount,
    ) -> None:
        self._place = place
        self._disk = disk
        self._clock = clock
        self._card = card
        self._boot = boot
        self._writable = writable
        self._is_there = is_there

    def loss(self) -> Loss:
        """Look at what is recorded. Raises `StoreError`."""
        video = self._place.video
        of_cameras = {camera: len(list(segments_of(video / camera))) for camera in cameras_in(video)}
        held = sum(len(list(Holds(self._disk, video / camera).held())) for camera in of_cameras)
        return Loss(sum(of_cameras.values()), len([count for count in of_cameras.values() if count]), held)

    def settings(self, *, by: str) -> None:
        """Forget the settings at the next start. Raises `ResetRefused`."""
        if not self._is_there(self._place.state):
            raise ResetRefused("the state partition is not there, so no settings can be forgotten: see `everything`")
        with self._alone():
            self._tell(Tier.SETTINGS, by)
            try:
                self._disk.replace(self._place.state / NOTE, Note(by).encode())
            except StoreError as error:
                raise ResetRefused(f"what is to be done cannot be noted: {error}") from error

    def everything(self, *, by: str, even_held: bool) -> None:
        """
        Erase p7 and p8 at the next start. Raises `ResetRefused`, `DeviceError`.

        The note is their stage in the partition table: what lies in them could not outlast it.
        """
        if not even_held and (held := self.loss().held):
            raise ResetRefused(
                f"{held} held {'segments' if held > 1 else 'segment'} would be gone: export and release what is held "
                "(`vigil hold list`), or say --even-held"
            )
        card = self._card()
        with self._alone():
            taken = last_taken(self._disk, self._place.state) if self._is_there(self._place.state) else None
            self._tell(Tier.EVERYTHING, by)
            try:
                with self._writable(self._boot):
                    forget_setup(self._disk, self._boot, taken)
            except (StoreError, DeviceError, OSError) as error:
                raise ResetRefused(f"the set-up file on the card cannot be emptied: {error}") from error
            mark(card)

    def _tell(self, tier: Tier, by: str) -> None:
        """Let it be the last that this box says under its name: guard signs it at the latest when it ends."""
        if self._is_there(self._place.state):
            at_us = self._clock.wall_us()
            tell(self._disk, self._place.tellings, "reset.asked", {"tier": tier, "by": by}, at_us=at_us)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Not while an update is written: the restart would cut it short. Raises `ResetRefused`."""
        path = self._place.update / "lock"
        if not path.exists():
            # Nobody has ever updated, or nothing can be noted on p7, which keeps updates away too.
            yield
            return
        try:
            lock = self._disk.try_lock(path)
        except StoreError:
            yield
            return
        if lock is None:
            raise ResetRefused("an update is being installed: wait until it is done")
        try:
            yield
        finally:
            self._disk.unlock(lock)
