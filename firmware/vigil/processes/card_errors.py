"""Looks after what the kernel has against the card, and tells log, journal and owner of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vigil.clock import Clock
from vigil.errors import FormatError, StoreError, VigilError
from vigil.processes.beginning import mended
from vigil.processes.place import Place
from vigil.processes.tellings import tell
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import card_of_root
from vigil.upkeep.card_errors import (
    KIND,
    CardMap,
    Ill,
    Times,
    Trouble,
    complaint,
    counted,
    decode,
    due,
    encode,
    trouble_in,
)

log = logging.getLogger(__name__)
_SYS = Path("/sys")
_RECORD_BYTES = 8192
_MOST_RECORDS = 100_000


class KernelLog:
    """The kernel's log from the start of the box on, each record once. It lies in memory: no card is asked."""

    def __init__(self, path: Path = Path("/dev/kmsg")) -> None:
        self._path = path
        self._fd = -1

    def new(self) -> Iterator[str]:
        """Give the records that have come since the last time. Raises `OSError`."""
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        for _ in range(_MOST_RECORDS):
            try:
                record = os.read(self._fd, _RECORD_BYTES)
            except BlockingIOError:
                return
            except BrokenPipeError:
                # What was not read yet was overwritten by newer records; those come next.
                continue
            if not record:
                return
            yield record.decode(errors="replace")


def card_map(sys: Path = _SYS, root: Path = Path("/")) -> CardMap:
    """Look where the partitions of the card lie that `root` is on. Raises `DeviceError` or `OSError`."""
    disk = card_of_root(sys, root).name
    parts = [at.parent for at in (sys / "block" / disk).glob(f"{disk}*/partition")]
    spans = {_number(at / "partition"): (_number(at / "start"), _number(at / "size")) for at in parts}
    return CardMap(disk, spans, dict(_opened(sys)))


def _opened(sys: Path) -> Iterator[tuple[str, str]]:
    """Give our opened partitions: the kernel's name of the device (`dm-1`), and the partition's."""
    for name in sorted((sys / "block").glob("dm-*/dm/name")):
        if (opened := name.read_text().strip()) in ("vigil-state", "vigil-video"):
            yield name.parent.parent.name, opened.removeprefix("vigil-")


def in_disorder(sys: Path = _SYS) -> Iterator[tuple[Trouble, int]]:
    """Give how many errors ext4 has found in our partitions since they were checked (kernel ABI, sysfs-fs-ext4)."""
    for device, partition in _opened(sys):
        count = sys / "fs/ext4" / device / "errors_count"
        # One that is not mounted has none.
        if count.exists() and (errors := _number(count)):
            yield Trouble(Ill.DISORDER, partition), errors


def _number(path: Path) -> int:
    return int(path.read_text())


class Told:
    """What was told of the card since the start: it lies in memory, so that a new card begins with a clean sheet."""

    def __init__(self, place: Place, disk: Disk) -> None:
        self._path = place.card_errors
        self._disk = disk

    def read(self) -> dict[Trouble, int]:
        """Return it; nothing where nothing was told, or somebody else wrote it."""
        try:
            if self._path.stat(follow_symlinks=False).st_uid not in (0, os.geteuid()):
                return {}
            return decode(self._disk.read_bytes(self._path))
        except (StoreError, FormatError, OSError):
            return {}

    def keep(self, told: Times) -> None:
        """Keep it, for guard; where that fails the log has it."""
        try:
            self._disk.make_directory(self._path.parent)
            self._disk.replace(self._path, encode(told))
        except (StoreError, OSError) as error:
            log.error("guard does not hear of the card: %s", error)


class CardWatch:
    """Counts, and tells what is new. What is done here may wait for the card: the journal's entry goes there."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        records: Callable[[], Iterator[str]],
        card: Callable[[], CardMap] = card_map,
        disorder: Callable[[], Iterator[tuple[Trouble, int]]] = in_disorder,
        mended: Callable[[], Iterator[tuple[Trouble, int]]] = mended,
    ) -> None:
        self._tellings = place.tellings
        self._disk = disk
        self._clock = clock
        self._records = records
        self._card = card
        self._disorder = disorder
        self._mended = mended
        self._kept = Told(place, disk)
        self._told = self._kept.read()
        self._seen: dict[Trouble, int] = {}
        self._complaint = ""

    def look(self) -> None:
        """Look once. Raises nothing: what it cannot see is said once."""
        try:
            self._count()
            self._tell()
            self._complaint = ""
        except (VigilError, OSError, ValueError) as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.error("whether the card goes bad cannot be seen: %s", error)

    def _count(self) -> None:
        card = self._card()
        self._seen = counted((trouble_in(record, card) for record in self._records()), self._seen)
        self._seen.update(self._disorder())
        self._seen.update(self._mended())

    def _tell(self) -> None:
        if news := due(self._seen, self._told):
            self._told |= news
            log.error("the card: %s", complaint(self._told))
            # First for the owner, in memory; the journal may wait for the very card that this is about.
            self._kept.keep(self._told)
            for one, times in news.items():
                fields = {"what": one.ill.value, "partition": one.partition, "times": times, "why": one.why}
                tell(self._disk, self._tellings, KIND, fields, at_us=self._clock.wall_us())
