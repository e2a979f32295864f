"""Starts a built card on an emulated board, with a console here and the page's port on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from boot.products import flash_environment

from .build import Parts
from .config import Image
from .errors import BuildError

# Room for state and video; a copy of the card grows to it without taking that much of the disk.
CARD_BYTES = 8 << 30

PAGE_PORT = 8443


# The size of the board's second flash, where its U-Boot keeps its environment.
FLASH_BYTES = 64 << 20


def command(parts: Parts, image: Image, card: Path, flash: Path) -> list[str]:
    """The QEMU command line: the `virt` board, whose U-Boot reads the very card that a Pi would."""
    return [
        "qemu-system-aarch64",
        *("-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-accel", "tcg,thread=multi"),
        *("-bios", os.fspath(parts.boot / image.boot.uboot_virt)),
        *("-drive", f"if=pflash,unit=1,format=raw,file={flash}"),
        *("-drive", f"if=none,id=card,format=raw,file={card}", "-device", "virtio-blk-pci,drive=card"),
        *(
            "-netdev",
            f"user,id=net,hostfwd=tcp:127.0.0.1:{PAGE_PORT}-:443",
            "-device",
            "virtio-net-pci,netdev=net,romfile=",
        ),
        *("-device", "virtio-rng-pci", "-nodefaults", "-display", "none", "-serial", "mon:stdio"),
    ]


def start(parts: Parts, image: Image, place: Path) -> int:
    """
    Run the card until its board is switched off (Ctrl-A X); what it wrote is kept in `place/run.img`.

    Raises:
        BuildError: if QEMU is not installed.
    """
    if not shutil.which("qemu-system-aarch64"):
        raise BuildError("qemu-system-aarch64 is missing: apt-get install qemu-system-arm")
    card = place / "run.img"
    if not card.exists() or card.stat().st_mtime < parts.image.stat().st_mtime:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--sparse=always", parts.image, card], check=True)
        os.truncate(card, CARD_BYTES)
    flash = place / "run.flash"
    flash.write_bytes(flash_environment())
    os.truncate(flash, FLASH_BYTES)
    print(f"The page will be at https://127.0.0.1:{PAGE_PORT}/ · Ctrl-A X switches the board off")
    return subprocess.run(command(parts, image, card, flash), check=False).returncode
