"""Assembles the root: Debian, kernel modules, the recorder's environment, the system's own files, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from . import bytecode, venv
from .archive import unpack
from .config import Image
from .errors import BuildError
from .run import run
from .trees import lay_over, remove

# Places where units mount things; a read-only root must bring them along.
MOUNT_POINTS = ("boot", "vigil/state", "vigil/video", "proc", "sys", "dev", "run", "tmp", "var")

# Debian's defaults for units that make no sense on a box without a screen, a shell and package management.
UNWANTED = (
    "getty@tty1.service",
    "remote-fs.target",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "systemd-pstore.service",
    "wpa_supplicant.service",
)


def assemble(scratch: Path, image: Image, ground: Path, wheel: Path, system: Path) -> Path:
    """
    Lay the whole root out below `scratch`, and return its directory.

    `system` is the directory with the system's own files: `root/` is copied over, `enable` lists units to start.
    """
    scratch.mkdir(exist_ok=True)
    tree = unpack(ground, scratch / "tree")
    own = scratch / "own"
    (venv.packages_of(own, image.python)).mkdir(parents=True)
    venv.install(own, image.python, *wheel.glob("*.whl"))
    packages = "/" + venv.packages_of(own, image.python).relative_to(own).as_posix()
    bytecode.compile_in([own, tree], scratch / "upper", f"{packages}/vigil")
    lay_over(own, tree)
    lay_over(scratch / "upper" / packages.lstrip("/"), tree / packages.lstrip("/"))
    add_system(tree, system)
    tidy(tree)
    return tree


def add_system(tree: Path, system: Path) -> None:
    """
    Copy the system's own files into a root, make its users and enable its units.

    Raises:
        BuildError: if `enable` names a unit that is not there.
    """
    if (system / "root").is_dir():
        lay_over(system / "root", tree, owner=True)
    for place in MOUNT_POINTS:
        (tree / place).mkdir(parents=True, exist_ok=True)
    run(["systemd-sysusers", f"--root={tree}"])
    listed = (system / "enable").read_text(encoding="utf-8").splitlines() if (system / "enable").is_file() else []
    units = [line.split("#")[0].strip() for line in listed if line.split("#")[0].strip()]
    places = [tree / "usr/lib/systemd/system", tree / "etc/systemd/system"]
    missing = [unit for unit in units if not any((place / unit).exists() for place in places)]
    if missing:
        raise BuildError(f"image/system/enable: there is no unit {', '.join(missing)}")
    for unit in UNWANTED:
        if _has(places, unit):
            run(["systemctl", f"--root={tree}", "--quiet", "disable", unit])
    if units:
        run(["systemctl", f"--root={tree}", "--quiet", "enable", *units])


def name_it(tree: Path, release: dict[str, str], epoch: int) -> None:
    """Say in `os-release` which image this is, beside which Debian; and that it is never earlier than `epoch`."""
    path = tree / "usr/lib/os-release"
    said = "".join(f'{name}="{value}"\n' for name, value in release.items())
    path.write_text(path.read_text(encoding="utf-8") + said, encoding="utf-8")
    # systemd sets a clock that is behind this file's time forward to it.
    (tree / "usr/lib/clock-epoch").touch()
    os.utime(tree / "usr/lib/clock-epoch", (epoch, epoch))


def tidy(tree: Path) -> None:
    """Take out what would differ from build to build or from box to box: identities, logs, caches, passwords."""
    for name in ("etc/machine-id", "etc/hostname"):
        (tree / name).write_bytes(b"")
    for pattern in (
        "etc/ssh/ssh_host_*",
        "etc/*-",
        "etc/.pwd.lock",
        "root/.*",
        "var/log/*",
        "var/cache/*",
        "var/tmp/*",
        "tmp/*",
    ):
        for path in sorted(tree.glob(pattern)):
            remove(path)
    remove(tree / "etc/resolv.conf")
    (tree / "etc/resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")
    shadow = tree / "etc/shadow"
    shadow.write_text(locked(shadow.read_text(encoding="utf-8")), encoding="utf-8")


def locked(shadow: str) -> str:
    """`/etc/shadow` in which nobody has a password, and no line tells the day of the build."""
    lines = [line.split(":") for line in shadow.splitlines()]
    return "".join(":".join([name, "!*", "", *rest]) + "\n" for name, _, _, *rest in lines)


def _has(places: list[Path], unit: str) -> bool:
    name = unit.partition("@")[0] + "@.service" if "@" in unit else unit
    return any((place / name).exists() for place in places)
