"""Making a stick that takes recordings: what may be made one, what is lost by it, and the making."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import StickRefused
from vigil.out.stick_plan import MARKER, Marker, fingerprint
from vigil.processes.stick import LABEL
from vigil.store.disk import Disk

_SMALLEST_BYTES = 64 << 20
_SECTOR = 512
_PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Candidate:
    """A disk that may be made a stick, as people know it; `holds` says what is on it now, a line each."""

    device: Path
    words: str
    size_bytes: int
    holds: tuple[str, ...]


def look(device: Path, *, sys: Path = Path("/sys"), mounts: Path = Path("/proc/self/mountinfo")) -> Candidate:
    """
    Look whether a stick may be made of `device`. Raises `StickRefused` for anything but a whole, removable USB disk
    of which nothing is in use: what is made a stick is erased.
    """
    name = device.resolve().name
    entry = sys / "class/block" / name
    if not re.fullmatch("[a-z]+[a-z0-9]*", name) or not entry.exists():
        raise StickRefused(f"{device} is no disk: `lsblk` shows which there are")
    if (entry / "partition").exists():
        raise StickRefused(f"{device} is a partition: name the whole disk, without the number")
    place = entry.resolve()
    if "/usb" not in os.fspath(place):
        raise StickRefused(f"{device} is no USB disk: only a USB stick is made one, and never the card of the system")
    if _word(entry / "removable") != "1":
        raise StickRefused(f"{device} is a USB disk, but not a removable one: only a stick is made one")
    parts = [entry, *sorted(one for one in place.iterdir() if (one / "partition").exists())]
    used = {line.split()[2]: line.split()[4] for line in mounts.read_text().splitlines() if len(line.split()) > 4}
    for part in parts:
        if at := used.get(_word(part / "dev")):
            raise StickRefused(f"{part.name} is mounted at {at}: unmount it first")
        if any((part / "holders").glob("*")):
            raise StickRefused(f"{part.name} is in use by the system")
    size = int(_word(entry / "size") or 0) * _SECTOR
    if size < _SMALLEST_BYTES:
        raise StickRefused(f"{device} has {size >> 20} MiB: {_SMALLEST_BYTES >> 20} MiB are the least")
    model = " ".join(filter(None, (_word(entry / "device/vendor"), _word(entry / "device/model"))))
    return Candidate(device.resolve(), model or "a USB stick", size, tuple(one.name for one in parts[1:]))


def make(device: Path) -> None:
    """Erase the disk and put one empty FAT32 file system on all of it. Raises `StickRefused`."""
    # Tables of before, the copy of one at the end among them, would let others see partitions that are gone.
    _run("wipefs", "--all", "--force", os.fspath(device))
    _run("mkfs.vfat", "-F", "32", "-I", "-n", LABEL, os.fspath(device))


def prepare(
    device: Path, recipients: Sequence[str], *, number: str, at_us: int, make: Callable[[Path], None],
    mounted: Callable[[Path], AbstractContextManager[Path]],
) -> Marker:  # fmt: skip
    """Make a stick of `device` for those recipients; return its marker, which is durable then."""
    make(device)
    with mounted(device) as at:
        stat = os.statvfs(at)
        marker = Marker(
            stick=number, recipients=tuple(fingerprint(one) for one in recipients),
            capacity_bytes=stat.f_blocks * stat.f_frsize, prepared_us=at_us,
        )  # fmt: skip
        Disk().replace(at / MARKER, marker.data())
    return marker


def _word(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except FileNotFoundError as error:
        package = {"mkfs.vfat": "dosfstools", "wipefs": "util-linux"}.get(command[0], command[0])
        raise StickRefused(f"{command[0]} is not here: install the package {package}") from error
    except subprocess.CalledProcessError as error:
        raise StickRefused(f"{command[0]}: {(error.stderr or '').strip() or error}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise StickRefused(f"{command[0]}: {error}") from error
