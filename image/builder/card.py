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

    def system(self, image: Image) -> slot.System:
        """What a slot is made of."""
        return slot.System(
            kernel=kernel.only_one(self.hardware, image.boot.kernel),
            device_trees=kernel.only_one(self.hardware, image.boot.tree_place),
            hardware=self.hardware,
            initrd=self.initrd / "initrd",
            overlays=self.overlays,
        )


def make_card(product: Path, image: Image, parts: Ingredients, one_slot: Path, epoch: int) -> None:
    """Fill `product/card.img`. Both slots are whole: `one_slot` is p2 and p3, and each has a root of its own."""
    boot = product / "p1.img"
    files = slot.boot_files(image.boot, parts.own, parts.system(image))
    make_fat(boot, files, size_mib=image.disk.boot_mib, label="VIGIL", serial=_serial(image, 1), epoch=epoch)
    contents = {1: boot}
    for number, root_number in slot.SLOTS.values():
        contents |= {number: one_slot, root_number: parts.root / "root.img"}
    make_disk(product / "card.img", image.disk, contents)
    boot.unlink()


def make_slot(target: Path, image: Image, parts: Ingredients, epoch: int) -> None:
    """Make the partition of a slot, p2 or p3: the same bytes for both."""
    environment = slot.slot_environment(image.disk, image.boot, Verity.read(parts.root / "verity.json"))
    files = slot.slot_files(image.boot, environment, parts.system(image))
    shape = {"size_mib": image.disk.slot_mib, "epoch": epoch, "bits": 16}
    make_fat(target, files, label="VIGIL-SLOT", serial=_serial(image, 2), **shape)


def _serial(image: Image, partition: int) -> str:
    """The volumes' numbers are as fixed as the disk's, whose last digit gives way to the partition's."""
    return f"{image.disk.signature[:-1]}{partition}"
