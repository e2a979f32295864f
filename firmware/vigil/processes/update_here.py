"""What an update needs to know of the box it comes to: which system runs, what it is, and how much room there is."""

from __future__ import annotations

import configparser
import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vigil.errors import UpdateRefused
from vigil.processes.confirm import slot_here
from vigil.processes.update import KEYRING_PLACE, Here
from vigil.processes.usb_disks import disks_let_in
from vigil.upkeep.bundle import Running, order_of
from vigil.upkeep.network import has_way_out
from vigil.upkeep.slot_files import read_slots

log = logging.getLogger(__name__)

SETTINGS = Path("/etc/rauc/system.conf")


def look(boot: Path = Path("/boot"), settings: Path = SETTINGS) -> Here:
    """Look at the running system. Raises `UpdateRefused` on a host that has no slots."""
    slot = slot_here()
    if slot is None:
        raise UpdateRefused("this system was not started from a slot of a card: there is nothing to update")
    said = configparser.ConfigParser(interpolation=None)
    try:
        said.read_string(settings.read_text(encoding="utf-8"))
        compatible = said["system"]["compatible"]
        # Slots are counted as they are lettered.
        number = "AB".index(slot.other)
        rooms = {name: _size_of(Path(said[f"slot.{name}.{number}"]["device"])) for name in ("boot", "root")}
    except (OSError, KeyError, configparser.Error) as error:
        raise UpdateRefused(f"{settings} does not say where updates go: {error}") from error
    running = Running(compatible=compatible, version=version_here(), rooms=rooms)
    return Here(slot=slot, running=running, state=read_slots(boot).state, has_network=has_way_out())


def version_here(release: Path = Path("/etc/os-release")) -> str:
    """The version of the system that runs; empty where it does not say."""
    with suppress(OSError):
        for line in release.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "IMAGE_VERSION":
                return value.strip('"')
    return ""


def _size_of(device: Path) -> int:
    with device.open("rb") as file:
        return file.seek(0, os.SEEK_END)


@contextmanager
def on_a_stick(compatible: str, blocks: Path = Path("/sys/class/block")) -> Iterator[Path]:
    """
    Give the newest update for this box that lies at the top of a USB stick, by its name: `NAME-VERSION-BOARD.raucb`.

    The stick is mounted read-only for that long. Raises `UpdateRefused` where there is none.
    """
    name, _, board = compatible.partition("-")
    place = KEYRING_PLACE / "stick"
    place.mkdir(parents=True, exist_ok=True)
    with disks_let_in():
        yield from _first_with_an_update(usb_volumes(blocks), place, name, board)


def _first_with_an_update(devices: list[Path], place: Path, name: str, board: str) -> Iterator[Path]:
    looked: list[str] = []
    for device in devices:
        mount = ["mount", "-o", "ro,nodev,nosuid,noexec", str(device), str(place)]
        if subprocess.run(mount, check=False, capture_output=True, timeout=60).returncode:
            continue
        try:
            looked.append(device.name)
            if found := newest([path.name for path in place.glob(f"{name}-*-{board}.raucb")], name, board):
                yield place / found
                return
        finally:
            _let_go(device, place)
    told = f"none of {', '.join(looked)} holds" if looked else "there is no USB stick that can be read with"
    raise UpdateRefused(f"{told} a file {name}-VERSION-{board}.raucb")


def _let_go(device: Path, place: Path) -> None:
    """Unmount a stick. One that stays costs no update that was taken from it: it is told."""
    try:
        subprocess.run(["umount", place], check=True, capture_output=True, timeout=60)
    except subprocess.SubprocessError as error:
        log.warning("%s is still in use (%s): pull it out when the box is off", device, error)


def newest(names: list[str], name: str, board: str) -> str | None:
    """The name with the highest version; None where no name has one that can be compared."""
    versions = {one: order_of(one.removeprefix(f"{name}-").removesuffix(f"-{board}.raucb")) for one in names}
    known = {one: order for one, order in versions.items() if order is not None}
    return max(known, key=lambda one: known[one], default=None)


def usb_volumes(blocks: Path) -> list[Path]:
    """Partitions of USB disks, and USB disks that have none."""
    found = [entry for entry in sorted(blocks.iterdir()) if "/usb" in os.fspath(entry.resolve())]
    parents = {entry.resolve().parent.name for entry in found if (entry / "partition").exists()}
    return [Path("/dev") / entry.name for entry in found if entry.name not in parents]
