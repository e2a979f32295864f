"""Puts the card together: each partition's file system, and the one file that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import kernel, slot
from .config import Image
from .disk import make_disk
from .fat import make_fat
from .verity import Verity


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """Products of earlier steps; compiled overlays, and the project's own files for p1, by their paths."""

    root: Path
    hardware: Path
    initrd: Path
    overlays: Mapping[str, bytes]
    own: Mapping[str, bytes]


def make_card(product: Path, image: Image, parts: Ingredients, epoch: int) -> None:
    """Fill `product/card.img`. p6 stays empty: nothing on the card refers to it before an update has written it."""
    system = slot.System(
        kernel=kernel.only_one(parts.hardware, image.boot.kernel),
        device_trees=kernel.only_one(parts.hardware, image.boot.tree_place),
        hardware=parts.hardware,
        initrd=parts.initrd / "initrd",
        overlays=parts.overlays,
    )
    verity = Verity.read(parts.root / "verity.json")
    # The volumes' numbers are as fixed as the disk's, whose last digit gives way to the partition's.
    serial = image.disk.signature[:-1]
    made = {1: product / "p1.img"}
    files = slot.boot_files(image.boot, parts.own, system)
    make_fat(made[1], files, size_mib=image.disk.boot_mib, label="VIGIL", serial=f"{serial}1", epoch=epoch)
    for name, (number, root_partition) in slot.SLOTS.items():
        made[number] = product / f"p{number}.img"
        arguments = slot.slot_arguments(image.disk, image.boot, verity, root_partition)
        files = slot.slot_files(image.boot, arguments, system)
        shape = {"size_mib": image.disk.slot_mib, "epoch": epoch, "bits": 16}
        make_fat(made[number], files, label=f"VIGIL-{name}", serial=f"{serial}{number}", **shape)
    make_disk(product / "card.img", image.disk, {**made, 5: parts.root / "root.img"})
    for path in made.values():
        path.unlink()
