"""Updates for a box in the emulator: a good one that speaks from inside, those that must be refused, and a stick."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from builder.bundle import Update, make_bundle
from builder.disk import MIB
from builder.publisher import Publisher, make_publisher, publisher_of_this_build
from fakes.card import TOOLS, Card
from fakes.image import built
from fakes.inside import files_of
from fakes.inside_shell import Shell

EPOCH = 1_700_000_000
COMPATIBLE = "vigil-debian"
# In a shell of a box: what one says about updates, and a digest of the state of the slots.
UPDATE = "/opt/vigil/bin/vigil update"
STATE = "cat /boot/slots.env /boot/slots2.env | sha256sum"

CHANGE = """
package=/opt/vigil/lib/python3.13/site-packages/vigil/{package}
cp -r $package /run/changed && rm -r /run/changed/__pycache__
cd /run/changed && {change} && mount --bind /run/changed $package
"""
CHANGED = """[Unit]
DefaultDependencies=no
Before=local-fs.target vigil-open@state.service vigil-open@video.service vigil-firstboot.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /run/change.sh
"""


def changed_program(package: str, change: str) -> dict[str, str]:
    """
    Make a new version of the program: files below /run that lay a changed copy of one package over the one in the root.

    `change` is a command of the shell, run in the copy before anything of ours has started.
    """
    return {
        "change.sh": CHANGE.format(package=package, change=change),
        "systemd/system/change.service": CHANGED,
        "systemd/system/local-fs.target.d/change.conf": "[Unit]\nWants=change.service\n",
    }


def slot_with(script: str, place: Path, more: dict[str, bytes | str] | None = None) -> Path:
    """A slot's partition as an update brings it, with a script of the test's own in its initrd."""
    disk = place / "slot-on-a-disk.img"
    subprocess.run(["cp", "--sparse=always", built().image, disk], check=True)
    card, image = Card(disk), built().slot / "slot.img"
    first, size = card.extent(2)
    with disk.open("r+b") as file, image.open("rb") as source:
        file.seek(first)
        shutil.copyfileobj(source, file)
        card.add_to_initrd(2, {**files_of(script), **(more or {})})
        file.seek(first)
        (place / "slot.img").write_bytes(file.read(size))
    disk.unlink()
    return place / "slot.img"


def system_update(target: Path, slot: Path, version: str) -> Path:
    """This very system as an update: the same root, another version, another slot image."""
    images = {"boot": slot, "root": built().root / "root.img"}
    update = Update(compatible=COMPATIBLE, version=version, build="test", images=images)
    make_bundle(target, update, publisher_of_this_build(), EPOCH)
    return target


def refused_updates(place: Path) -> dict[str, str]:
    """Make small bundles that no box may take; the reason that each is refused for, by its name."""
    for name in ("boot", "root"):
        (place / f"{name}.img").write_bytes(name.encode() * 4096)
    images = {name: place / f"{name}.img" for name in ("boot", "root")}
    good = Update(compatible=COMPATIBLE, version="9.0.0", build="test", images=images)
    publisher = publisher_of_this_build()

    def make(name: str, update: Update, by: Publisher = publisher) -> Path:
        path = place / f"{name}.raucb"
        make_bundle(path, update, by, EPOCH)
        return path

    make("stranger", good, make_publisher("stranger", bits=2048))
    make("older", replace(good, version="0.0.9"))
    make("board", replace(good, compatible="vigil-raspberrypi"))
    whole = make("whole", good).read_bytes()
    content = -(-int.from_bytes(whole[40:48], "little") // 4096) * 4096
    (place / "unsigned.raucb").write_bytes(whole[:content])
    (place / "truncated.raucb").write_bytes(whole[: content // 2])
    (place / "forged.raucb").write_bytes(whole.replace(b"version=9.0.0", b"version=9.0.1"))
    for path in (place / "whole.raucb", *images.values()):
        path.unlink()
    return {
        "stranger": "a key that this box does not know",
        "older": "older than",
        "board": "it is for vigil-raspberrypi",
        "unsigned": "is not signed",
        "truncated": "is truncated",
        "forged": "not whole, or its signature is false",
    }


def make_stick(target: Path, files: Path) -> Path:
    """A USB stick, as one volume without partitions."""
    size = sum(path.stat().st_size for path in files.iterdir()) + 32 * MIB
    with target.open("wb") as file:
        file.truncate(-(-size // MIB) * MIB)
    made = ["mkfs.ext4", "-q", "-O", "^has_journal", "-d", os.fspath(files), os.fspath(target)]
    subprocess.run(made, check=True, capture_output=True, env=TOOLS)
    return target


def plugged(stick: Path) -> tuple[str, ...]:
    """Words for QEMU that plug the stick in."""
    drive = f"if=none,id=stick,format=raw,readonly=on,file={stick}"
    return ("-device", "qemu-xhci", "-drive", drive, "-device", "usb-storage,drive=stick")


def told_of_updates(shell: Shell) -> list[str]:
    """What the journal of a box says of updates, in order; what guard has yet to enter is waited for."""
    shell.ask('until [ -z "$(ls /vigil/state/tellings)" ]; do sleep 1; done', timeout_s=120)
    said = shell.ask("cat /vigil/state/journal/*/entries/* | grep -o 'update[.][a-z-]*' || true")
    return [line.partition(".")[2] for line in said.splitlines()]


def slots_in(shell: Shell) -> str:
    """The words of the first copy of the slot state, as a box has it."""
    words = shell.ask("tr '\\0' '\\n' </boot/slots.env | grep -ao 'BOOT_[A-Z_]*=.*'").splitlines()
    return ", ".join(word.removeprefix("BOOT_") for word in words)
