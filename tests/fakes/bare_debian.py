"""
Debian and nothing else, on a card that starts like ours: what a boot costs in this emulator before anybody wants more.

Loader, kernel, first root and board are those of the image; the root is a minimal trixie on plain ext4, without verity,
without a data partition and without a recorder. It says `bare: up` when it has started all it has.
"""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from boot.products import cache_directory
from builder import archive, emulation
from builder.build import Parts
from builder.cache import Cache
from builder.config import Image, Layer, read_image
from fakes.card import SECTOR, TOOLS, Card
from fakes.image import built
from fakes.repository import ROOT
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import read_table

PACKAGES = {
    "systemd-sysv": "starts it",
    "udev": "finds its devices",
    "dbus": "as on any Debian",
    "kmod": "loads its modules",
    "e2fsprogs": "checks its root",
    "login": "a prompt",
}
UP = "bare: up"
DD = ("bs=1M", "conv=notrunc", "oflag=seek_bytes", "status=none")
UNIT = f"""[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/echo {UP}
StandardOutput=tty
TTYPath=/dev/console
"""
# A target of its own: wanted by the one it waits for, the unit would close a circle.
TARGET = """[Unit]
Requires=multi-user.target
Wants=bare-up.service
After=multi-user.target
AllowIsolate=yes
"""
MACHINE = "00112233445566778899aabbccddeeff"


def bare_card(place: Path) -> Card:
    """A copy of the image whose slot A starts Debian and nothing else."""
    parts = built()
    subprocess.run(["cp", "--sparse=always", parts.image, place], check=True)
    card = Card(place)
    words = card.read(2, "slot.env").decode().partition("slotargs_A=")[2].splitlines()[0].split()
    kept = [word for word in words if not word.startswith(("ro", "systemd.verity_"))]
    device = next(word for word in words if word.startswith("systemd.verity_root_data=")).partition("=")[2]
    arguments = [f"root={device}", "rootfstype=ext4", "rw", *kept]
    card.write(2, "slot.env", f"slotargs_A={' '.join(arguments)}\n".encode())
    partition = read_table(Sectors(place).read_sector)[5]
    root = _root(parts, partition.size * SECTOR) / "root.img"
    subprocess.run(
        ["dd", f"if={root}", f"of={place}", f"seek={partition.start * SECTOR}", *DD],
        check=True,
    )
    return card


def _root(ours: Parts, size_bytes: int) -> Path:
    """The file system, from the cache. Its kernel modules are those of the image."""
    image = _image()
    inputs = {
        "tree": archive.tree_inputs(image, "packages"),
        "kernel": ours.kernel,
        "size": size_bytes,
        "units": [UNIT, TARGET],
    }

    def make(product: Path) -> None:
        tree = archive.unpack(_tree(image), product / "tree")
        unpack: list[str | Path] = ["unsquashfs", "-quiet", "-no-progress", "-force", "-dest", tree]
        subprocess.run([*unpack, ours.root / "root.img", "usr/lib/modules"], check=True, stdout=subprocess.DEVNULL)
        (tree / "etc/machine-id").write_text(f"{MACHINE}\n", encoding="ascii")
        units = tree / "usr/lib/systemd/system"
        (units / "bare-up.service").write_text(UNIT, encoding="utf-8")
        (units / "bare.target").write_text(TARGET, encoding="utf-8")
        (units / "default.target").unlink(missing_ok=True)
        (units / "default.target").symlink_to("bare.target")
        subprocess.run(
            ["mkfs.ext4", "-q", "-d", tree, product / "root.img", str(size_bytes >> 10) + "k"], check=True, env=TOOLS
        )
        shutil.rmtree(tree)

    return _kept("bare-root", inputs, make)


def _tree(image: Image) -> Path:
    """The packages, installed."""
    emulation.ready()
    inputs = archive.tree_inputs(image, "packages")
    return _kept("bare", inputs, lambda product: archive.make_tree(image, "packages", product))


def _image() -> Image:
    layer = Layer(name="bare", about="Debian", sources={"trixie": ("main",)}, packages=PACKAGES)
    return dataclasses.replace(read_image(ROOT / "image/vigil.toml"), layers=(layer,))


def _kept(name: str, inputs: Mapping[str, object], make: Callable[[Path], None]) -> Path:
    """A product of the tests' own, apart from those of the image, whose builds sweep what they do not know."""
    cache = Cache(cache_directory() / "bare")
    return cache.product(name, inputs, make)
