"""
Words from inside a booted image: a script of the test's own runs in it, and prints to the console.

The image has no door for tests. The script comes in a second archive behind the initrd of the test's own copy of the
card; what it leaves below /run outlives the change to the root, which stays as it was signed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
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
for file in /inside/*; do cat "$file" > "/run/inside/${{file##*/}}"; done
echo '{UNIT}' > /run/systemd/system/inside.service
ln -s ../inside.service /run/systemd/system/multi-user.target.wants/inside.service
"""


def copy_of(
    card: Path,
    place: Path,
    *,
    size_mib: int,
    setup: str,
    script: str,
    part: int = 2,
    beside: Mapping[str, bytes] | None = None,
    run_files: Mapping[str, str] | None = None,
) -> Card:
    """
    A copy of the card as it would be flashed onto a larger one, with a set-up file; p2 or p3 brings the script.

    Files `beside` the script are found as /run/inside/NAME; `run_files` lie below /run before the system starts.
    """
    subprocess.run(["cp", "--sparse=always", card, place], check=True)
    os.truncate(place, size_mib << 20)
    copy = Card(place)
    copy.write(1, "vigil.toml", setup.encode())
    copy.add_to_initrd(part, files_of(script, beside=beside, run_files=run_files))
    return copy


def files_of(
    script: str, *, beside: Mapping[str, bytes] | None = None, run_files: Mapping[str, str] | None = None
) -> dict[str, bytes | str]:
    """What an initrd gets so that the script runs."""
    return {
        "inside/script": script.encode(),
        "inside/install": (SCRIPT + "".join(_put(*one) for one in (run_files or {}).items())).encode(),
        f"{UNITS}/inside-install.service": INSTALL.encode(),
        **{f"inside/{name}": data for name, data in (beside or {}).items()},
        f"{UNITS}/initrd.target.wants/inside-install.service": "../inside-install.service",
    }


def _put(name: str, text: str) -> str:
    """Words for the shell in the initrd that put a file below /run."""
    return f"mkdir -p /run/{Path(name).parent}\ncat > /run/{name} <<'INSIDE'\n{text}INSIDE\n"
