"""Starts a built card on an emulated board: it records a drawn camera, and its console is here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from boot.products import flash_environment

from .build import Parts
from .config import Image
from .disk import MIB, layout
from .errors import BuildError

# Room for state and video; a copy of the card grows to it without taking that much of the disk.
CARD_BYTES = 8 << 30

PAGE_PORT = 8443

# What is on the card when an owner gave no set-up file of their own: enough to see it record.
SETUP = """# Written by `make image-run`: {key} opens what is recorded here.
owner_recipient = "{recipient}"

[[camera]]
id = "demo"
source = "synthetic"
width = 320
height = 240
fps = 5
bit_rate_kbps = 200
"""

TOLD = """{card} starts on an emulated board, which takes one to five minutes.
It is a copy, which keeps what the board writes; delete it for a new card.
{setup}
A shell opens here once the board is up. There: vigil list --data /vigil, journalctl --boot, systemctl poweroff.
Its port 443 is {port} of this machine. Nothing answers there yet: the page has not been built.
Ctrl-A X switches the board off as a pulled plug would.
"""

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


def copy_card(source: Path, card: Path, image: Image, setup: bytes) -> None:
    """A card as somebody would flash it, with a set-up file, and the file that asks for a shell on the console."""
    subprocess.run(["cp", "--sparse=always", source, card], check=True)
    os.truncate(card, CARD_BYTES)
    boot = f"{card}@@{layout(image.disk)[0].start_mib * MIB}"
    for name, content in (("vigil.toml", setup), ("console", b"")):
        command = ["mcopy", "-o", "-i", boot, "-", f"::{name}"]
        subprocess.run(command, input=content, check=True, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})


def own_setup(key: Path) -> bytes:
    """A set-up file for a throw-away owner, whose identity is made at `key`."""
    if not key.exists():
        subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    said = subprocess.run(["age-keygen", "-y", key], check=True, capture_output=True, text=True)
    return SETUP.format(key=key.name, recipient=said.stdout.strip()).encode()


def _read(setup: Path) -> bytes:
    try:
        return setup.read_bytes()
    except OSError as error:
        raise BuildError(f"the set-up file {setup} cannot be read: {error.strerror}") from error


def start(parts: Parts, image: Image, place: Path, setup: Path | None) -> int:
    """
    Run the card until its board is switched off (Ctrl-A X); what it wrote is kept in `place/run.img`.

    `setup` is put on a new copy of the card as its set-up file.

    Raises:
        BuildError: if QEMU is not installed, or there is no such set-up file.
    """
    if not shutil.which("qemu-system-aarch64"):
        raise BuildError("qemu-system-aarch64 is missing: apt-get install qemu-system-arm")
    card, key = place / "run.img", place / "run.agekey"
    if setup or not card.exists() or card.stat().st_mtime < parts.image.stat().st_mtime:
        place.mkdir(parents=True, exist_ok=True)
        wanted = own_setup(key) if setup is None else _read(setup)
        if setup:
            # It opened the copy of before, which goes.
            key.unlink(missing_ok=True)
        copy_card(parts.image, card, image, wanted)
    flash = place / "run.flash"
    flash.write_bytes(flash_environment())
    os.truncate(flash, FLASH_BYTES)
    told = f"It records a drawn camera; {key} opens it." if key.exists() else "It does what its set-up file says."
    print(TOLD.format(card=card, setup=told, port=PAGE_PORT), flush=True)
    return subprocess.run(command(parts, image, card, flash), check=False).returncode
