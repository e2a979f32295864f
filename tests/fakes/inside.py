"""
Words from inside a booted image: a script of the test's own runs in it, and prints to the console.

The image has no door for tests. The script comes in a second archive behind the initrd of the test's own copy of the
card; what it leaves below /run outlives the change to the root, which stays as it was signed.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from fakes.card import Card

UNITS = "usr/lib/systemd/system"
UNIT = """[Unit]
After=vigil-apply.service
[Service]
ExecStart=/bin/bash /run/inside/script
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
"""
INSTALL = """[Unit]
DefaultDependencies=no
After=initrd-root-device.target
Before=initrd.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /inside/install
"""
SCRIPT = f"""
mkdir -p /run/systemd/system/multi-user.target.wants /run/inside
echo "$(</inside/script)" > /run/inside/script
echo '{UNIT}' > /run/systemd/system/inside.service
ln -s ../inside.service /run/systemd/system/multi-user.target.wants/inside.service
"""


def copy_of(card: Path, place: Path, *, size_mib: int, setup: str, script: str, part: int = 2) -> Card:
    """A copy of the card as it would be flashed onto a larger one, with a set-up file; p2 or p3 brings the script."""
    subprocess.run(["cp", "--sparse=always", card, place], check=True)
    os.truncate(place, size_mib << 20)
    copy = Card(place)
    copy.write(1, "vigil.toml", setup.encode())
    copy.add_to_initrd(part, files_of(script))
    return copy


def files_of(script: str) -> dict[str, bytes | str]:
    """What an initrd gets so that the script runs."""
    return {
        "inside/script": script.encode(),
        "inside/install": SCRIPT.encode(),
        f"{UNITS}/inside-install.service": INSTALL.encode(),
        f"{UNITS}/initrd.target.wants/inside-install.service": "../inside-install.service",
    }
