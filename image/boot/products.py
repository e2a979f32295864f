"""
The files with which a card starts, apart from the firmware: U-Boot, its script, its environment and the slot state.

Debian's U-Boot is fetched once from the archive that this machine is installed from; everything else is made from
the sources beside this file by u-boot-tools, to the same bytes each time.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from boot.archive import BACKPORTS, RELEASE, archive
from vigil.upkeep.slots import SlotState, encode

HERE = Path(__file__).resolve().parent
# Debian trixie's. Another version is another machine: what tests/image/test_selector*.py say holds for this one.
UBOOT_VERSION = "2025.01-3+deb13u1"
ENVIRONMENT_BYTES = 0x4000
FLASH_ENVIRONMENT_BYTES = 0x40000


@dataclass(frozen=True, kw_only=True, slots=True)
class UBoot:
    """The two builds of the one U-Boot: for the card, and for QEMU's `virt` machine."""

    pi: Path
    virt: Path


def cache_directory() -> Path:
    """Where what was made once is kept: `IMAGE_CACHE`, or `image` in the cache of all of Vigil."""
    base = os.environ.get("VIGIL_CACHE") or Path.home() / ".cache" / "vigil"
    return Path(os.environ.get("IMAGE_CACHE") or Path(base) / "image")


def boot_files(board: str = "debian") -> dict[str, bytes]:
    """
    What lies on p1 beside the firmware, by name; on every card of a board layer the same, and on `virt` too.

    `board` is the layer that the kernel comes from, `debian` or `raspberrypi`: the firmware is told which it will be.
    """
    script = boot_script()
    settings = [(HERE / name).read_bytes() for name in ("config.txt", f"config.{board}.txt")]
    slots = encode(SlotState())
    return {
        "u-boot.bin": u_boot().pi.read_bytes(),
        "boot.scr": script,
        "boot2.scr": script,
        "uboot.env": uboot_environment(),
        "slots.env": slots,
        "slots2.env": slots,
        "config.txt": b"".join(settings),
        "cmdline.txt": (HERE / "cmdline.txt").read_bytes(),
        "hardware.env": (HERE / "hardware.env").read_bytes(),
    }


@cache
def boot_script() -> bytes:
    """`boot.cmd` as U-Boot runs it: with a header and checksums. Comments stay here: they cost time to read."""
    with tempfile.TemporaryDirectory() as directory:
        source, made = Path(directory, "boot.cmd"), Path(directory, "boot.scr")
        lines = (HERE / "boot.cmd").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        source.write_text("\n".join(kept) + "\n", encoding="utf-8")
        form = ("-A", "arm64", "-T", "script", "-C", "none", "-n", "Vigil")
        # The header bears a time; the same script is to be the same bytes.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
        subprocess.run(["mkimage", *form, "-d", source, made], check=True, env=environment, stdout=subprocess.DEVNULL)
        return made.read_bytes()


def uboot_environment() -> bytes:
    """`uboot.env`: straight to the script, without waiting, looking for USB, or asking the network."""
    return _environment((HERE / "uboot.env.txt").read_text(encoding="utf-8"), ENVIRONMENT_BYTES)


def flash_environment() -> bytes:
    """The same for `virt`, which keeps its environment in flash; without it U-Boot waits and looks around first."""
    text = (HERE / "uboot.env.txt").read_text(encoding="utf-8")
    text = text.replace("devtype mmc", "devtype virtio").replace("load mmc 0:1", "load virtio 0:1")
    text = text.replace("bootcmd=", "bootcmd=virtio scan; ").replace("0x02400000", "0x40200000")
    return _environment(
        text + "fdt_addr=0x40000000\nkernel_addr_r=0x40400000\nramdisk_addr_r=0x44000000\n", FLASH_ENVIRONMENT_BYTES
    )


def u_boot() -> UBoot:
    """Debian's U-Boot, from the cache; fetched and unpacked there the first time."""
    home = kept(f"u-boot-{UBOOT_VERSION}", _unpack_u_boot) / "usr" / "lib" / "u-boot"
    return UBoot(pi=home / "rpi_arm64" / "u-boot.bin", virt=home / "qemu_arm64" / "u-boot.bin")


def device_trees() -> Path:
    """The directory with the device trees of Debian's newest kernel for trixie, by their names below `broadcom/`."""
    (trees,) = kept("device-trees", _unpack_device_trees).glob("usr/lib/modules/*/dtb/broadcom")
    return trees


def _unpack_u_boot(target: Path) -> None:
    with archive(RELEASE) as debian:
        for package in ("u-boot-rpi", "u-boot-qemu"):
            debian.unpack(f"{package}={UBOOT_VERSION}", target)


def _unpack_device_trees(target: Path) -> None:
    with archive(RELEASE, BACKPORTS) as debian:
        (newest,) = debian.depends(f"linux-base-arm64/{BACKPORTS}")
        debian.unpack(newest, target)


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name in the cache; `make` fills it the first time, and never by halves."""
    home = cache_directory() / name
    cache_directory().mkdir(parents=True, exist_ok=True)
    with (cache_directory() / "boot.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=cache_directory()) as directory:
                made = Path(directory, "made")
                made.mkdir()
                make(made)
                made.rename(home)
    return home


def _environment(text: str, size_bytes: int) -> bytes:
    command = ["mkenvimage", "-s", str(size_bytes), "-p", "0", "-o", "-", "-"]
    return subprocess.run(command, check=True, input=text.encode(), capture_output=True).stdout
