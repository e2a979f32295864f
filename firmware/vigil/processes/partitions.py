"""The data partitions: made on the first boot, opened on every one, never formatted when they might hold data."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from vigil.clock import Clock, SystemClock
from vigil.errors import DeviceError, FormatError
from vigil.processes.beginning import remember, what_it_lacks, write_anew
from vigil.processes.erase import Eraser
from vigil.processes.notify import Notifier
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import MAPPER, Card, Tool, card_of_root, identify
from vigil.upkeep.opening import (
    FORMAT_FLAGS,
    RECIPES,
    STATE,
    VIDEO,
    Decision,
    Facts,
    Found,
    Recipe,
    Step,
    decide,
    half_label,
    inside,
    outside,
    ready_label,
)
from vigil.upkeep.partition_table import SECTOR, Stage, read_table, state_sectors, with_data_partitions, with_stage

log = logging.getLogger(__name__)
_MOST_STEPS = 8
_LOCK = Path("/run/vigil-partitions.lock")
"""Both partitions are opened at the same time; one of them makes what is missing."""

_STEP_S = 300
"""How long a card may take for a piece of what is erased, and then for making the file system."""

_PATIENCE_S = 570
"""How long the mounts wait: `10-patience.conf` of their devices, and a little for those to appear."""


def make_missing(tool: Tool, card: Card) -> bool:
    """Give the card its p7 and p8 where they are missing; say whether they were. Raises `DeviceError`."""
    try:
        total = card.sectors()
        writes = with_data_partitions(card.read_sector, total, state_sectors(total))
    except FormatError as error:
        raise DeviceError(f"{card.device}: {error}") from error
    if writes:
        log.info("p7 and p8 are made", extra={"card": card.device, "sectors": total})
        card.write_sectors(writes)
    table = read_table(card.read_sector)
    new = [table[number] for number in (7, 8) if not card.partition(number).exists()]
    if new:
        card.tell_kernel(tool, new)
    return bool(writes)


def complete_marks(card: Card) -> None:
    """
    Let p7 be forgotten where p8 is to be: they are marked one after the other, and the power may go in between.

    p7 may be made anew already while p8 is still erased; then it is again, and holds nothing yet. Raises `DeviceError`.
    """
    try:
        table = read_table(card.read_sector)
        if table[VIDEO.number].type == Stage.FORGET and table[STATE.number].type == Stage.READY:
            card.write_sectors(with_stage(card.read_sector, STATE.number, Stage.FORGET))
    except (FormatError, KeyError):
        # What is not there needs no mark.
        return


class DataPartition:
    """One data partition of the card, taken step by step to where it can be mounted."""

    def __init__(self, tool: Tool, card: Card, recipe: Recipe, eraser: Eraser) -> None:
        self._tool = tool
        self._eraser = eraser
        self._card = card
        self._recipe = recipe
        self._device = card.partition(recipe.number)
        self._opened = f"vigil-{recipe.name}"
        self._cannot_open = False
        self.was_erased = False
        self.was_mended = False

    def open(self) -> Path:
        """Open and check it, making it first where it is new; return what to mount. Raises `DeviceError`."""
        for _ in range(_MOST_STEPS):
            decision = decide(self.facts())
            if decision.step is Step.REFUSE:
                raise DeviceError(f"{self._device} is not used: {decision.why}. Nothing in it was changed.")
            if decision.step is Step.USE:
                self._check()
                return self.path
            self._do(decision)
        raise DeviceError(f"{self._device} does not become ready; the last step was to {decision.step.value}")

    @property
    def path(self) -> Path:
        """Where the opened partition appears."""
        return MAPPER / self._opened

    def facts(self) -> Facts:
        """Look at it. Raises `DeviceError` where the card cannot be read."""
        try:
            type_ = read_table(self._card.read_sector)[self._recipe.number].type
        except (FormatError, KeyError) as error:
            raise DeviceError(f"the card has no p{self._recipe.number}") from error
        stage = Stage(type_) if type_ in tuple(Stage) else None
        found = Found.UNKNOWN
        if self.path.exists():
            name = self._recipe.name
            lacks = what_it_lacks(self.path, ready_label(name))
            found = inside(*identify(self._tool, self.path), name=name, lacks=lacks)
        elif self._cannot_open:
            found = Found.UNREADABLE
        return Facts(stage=stage, outside=outside(identify(self._tool, self._device)[0]), inside=found)

    def _do(self, decision: Decision) -> None:
        log.info("%s: %s", self._device, decision.step.value)
        if decision.step is Step.OPEN:
            self._open()
        elif decision.step is Step.FORGET:
            self._forget()
        elif decision.step is Step.MAKE:
            self._make()
        elif decision.step is Step.MEND:
            self._mend()
        else:
            stage = Stage.MAKING if decision.step is Step.MARK_MAKING else Stage.READY
            self._card.write_sectors(with_stage(self._card.read_sector, self._recipe.number, stage))

    def _forget(self) -> None:
        size_bytes = read_table(self._card.read_sector)[self._recipe.number].size * SECTOR
        self._eraser.erase(self._device, size_bytes, wholly=self._recipe.holds_secrets)
        self._card.write_sectors(with_stage(self._card.read_sector, self._recipe.number, Stage.NEW))
        self.was_erased = True

    def _open(self) -> None:
        try:
            self._integrity("open", *self._recipe.open_flags, str(self._device), self._opened)
        except DeviceError as error:
            log.warning("%s", error)
            self._cannot_open = True

    def _make(self) -> None:
        if self.path.exists():
            self._integrity("close", self._opened)
        self._integrity("format", *FORMAT_FLAGS, str(self._device))
        self._integrity("open", *self._recipe.open_flags, str(self._device), self._opened)
        half, ready = half_label(self._recipe.name), ready_label(self._recipe.name)
        self._tool.run("mkfs.ext4", *self._recipe.mkfs_flags, "-L", half, str(self.path), limit_s=240)
        self._sync()
        # From here on it counts as finished.
        self._tool.run("tune2fs", "-L", ready, str(self.path), limit_s=60)
        self._sync()

    def _mend(self) -> None:
        if self.was_mended:
            raise DeviceError(f"{self.path} has lost its beginning again as soon as it was written anew")
        self.was_mended = True
        lacks = what_it_lacks(self.path, ready_label(self._recipe.name)) or []
        log.error("%s: blocks %s are lost", self.path, ", ".join(str(number) for number, _ in lacks))
        write_anew(self.path, lacks)
        # What came from the copy is as old as the file system, so everything is looked at.
        self._check("-f")

    def _check(self, *flags: str) -> None:
        """Put the file system in order; 1 and 2 say that this was done. What that cannot mend is asked more firmly."""
        code, said = self._tool.run("e2fsck", *flags, "-p", str(self.path), limit_s=240, good=range(256))
        if code < 4:
            return
        log.error("%s is in disorder and is mended: %s", self.path, said.strip()[-300:])
        code, said = self._tool.run("e2fsck", "-f", "-y", str(self.path), limit_s=1200, good=range(256))
        if code >= 4:
            raise DeviceError(f"{self.path} could not be mended ({code}): {said.strip()[-300:]}")

    def _integrity(self, *arguments: str) -> None:
        self._tool.run("integritysetup", *arguments, limit_s=280)

    def _sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Progress:
    """Tells the log in tenths how far erasing is, and systemd each time that it goes on."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._tenths = 0

    def __call__(self, done: int, of: int) -> None:
        self._notifier.needs_longer(_STEP_S)
        if (tenths := 10 * done // of) > self._tenths:
            self._tenths = tenths
            log.info("erased: %d %%", 10 * tenths)


def main(name: str, clock: Clock | None = None) -> int:
    """Open the data partition `name` (``state`` or ``video``) of the card the system runs from. 1: it is not open."""
    clock = clock or SystemClock()
    tool, disk, began_us = Tool(), Disk(), clock.steady_us()
    try:
        card = Card(card_of_root())
        with disk.locked(_LOCK):
            make_missing(tool, card)
            complete_marks(card)
        eraser = Eraser(disk, tool, told=Progress(Notifier.of_this_process(clock)))
        partition = DataPartition(tool, card, RECIPES[name], eraser)
        try:
            log.info("%s is open", partition.open())
        finally:
            if partition.was_mended:
                remember(name)
    except DeviceError as error:
        # As an error it is kept on the state partition, if that is the one that opens.
        log.error("%s", error)
        return 1
    if partition.was_erased and clock.steady_us() - began_us > _PATIENCE_S * 1_000_000:
        from vigil.processes.confirm import restart_box

        log.warning("the rest of the system has given up waiting for what was erased, so the box restarts")
        restart_box()
    return 0
