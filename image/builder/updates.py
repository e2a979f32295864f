"""What a root must know to take an update: RAUC's settings, and whose signatures count."""

from __future__ import annotations

from pathlib import Path

from .config import Disk
from .disk import partuuid
from .slot import SLOTS

SETTINGS = """# Written by the builder: docs/design/updates.md.
[system]
compatible={compatible}
bootloader=custom
# Every block that is read is checked against the signed hash, whoever writes to the bundle meanwhile.
bundle-formats=verity
data-directory=/vigil/state/rauc
# What is older than this system is refused; going back is what the other slot is for.
min-bundle-version={version}

[handlers]
bootloader-custom-backend=/usr/lib/vigil/bootslot

# Made anew by `vigil update` each time: publishers' and owner's certificates without those that were revoked.
[keyring]
path=/run/vigil-update/keyring.pem
check-purpose=codesign-rauc
"""
SLOT = """
[slot.boot.{number}]
device=/dev/disk/by-partuuid/{boot}
type=raw
bootname={name}

[slot.root.{number}]
device=/dev/disk/by-partuuid/{root}
type=raw
parent=boot.{number}
"""


def compatible(name: str, board: str) -> str:
    """What an update must say it is for."""
    return f"{name}-{board}"


def settings(disk: Disk, *, name: str, board: str, version: str) -> str:
    """`/etc/rauc/system.conf`."""
    slots = (
        SLOT.format(number=number, name=slot, boot=partuuid(disk, boot), root=partuuid(disk, root))
        for number, (slot, (boot, root)) in enumerate(SLOTS.items())
    )
    return SETTINGS.format(compatible=compatible(name, board), version=version) + "".join(slots)


def add_to(tree: Path, said: str, certificates: bytes, revoked: bytes) -> None:
    """Put all of it into a root."""
    files = {
        "etc/rauc/system.conf": said.encode(),
        "usr/share/vigil/update/publishers.pem": certificates,
        "usr/share/vigil/update/revoked.txt": revoked,
    }
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
