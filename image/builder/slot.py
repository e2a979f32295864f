"""What lies on p1 and on a slot's own partition: the files that the firmware and U-Boot read."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .config import Boot, Disk
from .disk import partuuid
from .verity import Verity

# Each slot's own partition, and its root's. On a new card both slots hold the same system: whatever part of one is
# damaged, the other starts. The second root costs nothing to download (`xz.py`).
SLOTS = {"A": (2, 5), "B": (3, 6)}


def slot_environment(disk: Disk, boot: Boot, verity: Verity) -> bytes:
    """`slot.env`: what the kernel is told in whichever slot the system lies (docs/spec/slots.md)."""
    lines = [f"slotargs_{name}={slot_arguments(disk, boot, verity, root)}\n" for name, (_, root) in SLOTS.items()]
    return "".join(lines).encode()


def slot_arguments(disk: Disk, boot: Boot, verity: Verity, root_partition: int) -> str:
    """The kernel's command line, as far as it belongs to this slot: which root, and what proves it."""
    device = f"PARTUUID={partuuid(disk, root_partition)}"
    return " ".join(
        [
            "root=/dev/mapper/root",
            "rootfstype=squashfs",
            f"roothash={verity.root_hash}",
            f"systemd.verity_root_data={device}",
            f"systemd.verity_root_hash={device}",
            f"systemd.verity_root_options=hash-offset={verity.hash_offset_bytes},panic-on-corruption",
            *boot.arguments,
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a slot is made of: kernel, device trees for Raspberry Pis, the first root, overlays by their paths."""

    kernel: Path
    device_trees: Path
    hardware: Path
    initrd: Path
    overlays: Mapping[str, bytes]


def slot_files(boot: Boot, environment: bytes, system: System) -> dict[str, Path | bytes]:
    """The files of p2 and p3. U-Boot unpacks the kernel; packed, it takes a third of the time to read."""
    return {
        "vmlinuz": _packed(system.kernel.read_bytes()),
        "initrd": system.initrd,
        "slot.env": environment,
        **{f"dtbs/broadcom/{name}.dtb": system.device_trees / f"{name}.dtb" for name in boot.device_trees},
        **system.overlays,
    }


def _packed(kernel: bytes) -> bytes:
    """The kernel packed with gzip, if it was not delivered so."""
    return kernel if kernel.startswith(b"\x1f\x8b") else gzip.compress(kernel, compresslevel=9, mtime=0)


def boot_files(boot: Boot, own: Mapping[str, bytes], system: System) -> dict[str, Path | bytes]:
    """The files of p1: the firmware, device trees for it and U-Boot, and the project's own (`image/boot/`)."""
    return {
        **{Path(name).name: system.hardware / name for name in boot.files},
        **{f"{name}.dtb": system.device_trees / f"{name}.dtb" for name in boot.device_trees},
        "LICENCE.broadcom": system.hardware / "usr/share/doc/raspi-firmware/copyright",
        "u-boot.bin": system.hardware / boot.uboot,
        **own,
    }


def boards_of(boot: Boot) -> list[str]:
    """The boards that a layer's device trees serve, by the names that Raspberry Pi Imager has for them."""
    families = {"bcm2837": "pi3-64bit", "bcm2710": "pi3-64bit", "bcm2711": "pi4-64bit", "bcm2712": "pi5-64bit"}
    return [board for chip, board in families.items() if any(name.startswith(chip) for name in boot.device_trees)]
