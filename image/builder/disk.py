"""The card as a whole: where each partition lies, and the file that holds them all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .config import Disk
from .errors import BuildError
from .run import run

SECTOR = 512
MIB = 1 << 20
# Every partition begins on the 4 MiB grid that cards erase by; the logical ones keep a grid cell for their own table.
GRID_MIB = 4

FAT32_LBA, EXTENDED_LBA, LINUX = "c", "f", "83"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One entry of the partition table."""

    number: int
    name: str
    start_mib: int
    size_mib: int
    kind: str

    @property
    def end_mib(self) -> int:
        """Where it ends."""
        return self.start_mib + self.size_mib


def layout(disk: Disk) -> tuple[Partition, ...]:
    """
    The partitions of a card as it is flashed.

    p2 and p3 hold FAT but are not marked as such: what Windows and the Pi's firmware look into is p1 alone.
    """
    boot = Partition(number=1, name="boot", start_mib=GRID_MIB, size_mib=disk.boot_mib, kind=FAT32_LBA)
    slot_a = Partition(number=2, name="slot-a", start_mib=boot.end_mib, size_mib=disk.slot_mib, kind=LINUX)
    slot_b = Partition(number=3, name="slot-b", start_mib=slot_a.end_mib, size_mib=disk.slot_mib, kind=LINUX)
    first = slot_b.end_mib + GRID_MIB
    root_a = Partition(number=5, name="root-a", start_mib=first, size_mib=disk.root_mib, kind=LINUX)
    second = root_a.end_mib + GRID_MIB
    root_b = Partition(number=6, name="root-b", start_mib=second, size_mib=disk.root_mib, kind=LINUX)
    size = root_b.end_mib - slot_b.end_mib
    around = Partition(number=4, name="extended", start_mib=slot_b.end_mib, size_mib=size, kind=EXTENDED_LBA)
    return boot, slot_a, slot_b, around, root_a, root_b


def partuuid(disk: Disk, number: int) -> str:
    """How Linux calls a partition, whatever the disk is called."""
    return f"{disk.signature}-{number:02x}"


def table_script(disk: Disk) -> str:
    """What sfdisk is told."""
    lines = ["label: dos", f"label-id: 0x{disk.signature}", "unit: sectors", ""]
    for part in layout(disk):
        where = f"start={part.start_mib * MIB // SECTOR}, size={part.size_mib * MIB // SECTOR}"
        lines.append(f"{part.number}: {where}, type={part.kind}{', bootable' if part.number == 1 else ''}")
    return "\n".join(lines) + "\n"


def make_disk(target: Path, disk: Disk, contents: Mapping[int, Path]) -> None:
    """
    Make the file that is flashed: the table, and in each partition what `contents` names by number.

    Raises:
        BuildError: if something is larger than its partition.
    """
    parts = layout(disk)
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(max(part.end_mib for part in parts) * MIB)
    run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", target], stdin=table_script(disk))
    with target.open("r+b") as file:
        for part in parts:
            content = contents.get(part.number)
            if content is None:
                continue
            if content.stat().st_size > part.size_mib * MIB:
                raise BuildError(
                    f"{content.name} has {content.stat().st_size} bytes; p{part.number} has {part.size_mib} MiB"
                )
            _write(file.fileno(), part.start_mib * MIB, content)


def _write(descriptor: int, offset: int, content: Path) -> None:
    """Copy a file to its place; what is all zeros stays a hole."""
    with content.open("rb") as source:
        while piece := source.read(MIB):
            if piece.count(0) != len(piece):
                os.pwrite(descriptor, piece, offset)
            offset += len(piece)
