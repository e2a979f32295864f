"""Makes the first root, which opens the verified one: dracut, run in the workshop laid under the root itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from .archive import EPOCH, unpack
from .config import Initrd
from .run import run, run_inside

SETTINGS = """hostonly="no"
hostonly_cmdline="no"
reproducible="yes"
compress="cat"
early_microcode="no"
show_modules="no"
stdloglvl="3"
persistent_policy="by-partuuid"
dracutmodules="{modules}"
add_drivers="{drivers}"
force_drivers="{first}"
"""


def settings(initrd: Initrd, own: list[str]) -> str:
    """Dracut's configuration; `own` are the modules that the system adds, after those of the layer."""
    return SETTINGS.format(
        modules=" ".join([*initrd.modules, *own]),
        drivers=" ".join(initrd.drivers),
        first=f" {' '.join(initrd.first)} ",
    )


def own_modules(system: Path) -> dict[str, Path]:
    """The system's dracut modules: directories `dracut/NNname`, by their names."""
    places = sorted((system / "dracut").glob("[0-9][0-9]*")) if (system / "dracut").is_dir() else []
    return {place.name[2:]: place for place in places if place.is_dir()}


def make_initrd(product: Path, initrd: Initrd, ground: Path, workshop: Path, system: Path) -> None:
    """Fill `product/initrd`."""
    root = unpack(ground, product / "root")
    tools = unpack(workshop, product / "tools")
    version = next((root / "usr/lib/modules").iterdir()).name
    own = own_modules(system)
    for place in own.values():
        shutil.copytree(place, tools / "usr/lib/dracut/modules.d" / place.name)
    configuration = tools / "etc/dracut.conf.d"
    shutil.rmtree(configuration, ignore_errors=True)
    configuration.mkdir(parents=True)
    (configuration / "vigil.conf").write_text(settings(initrd, list(own)), encoding="utf-8")
    command = ["dracut", "--force", "--kver", version, "--tmpdir", "/tmp", "/initrd"]
    run_inside([root, tools], product / "upper", command, extra={"SOURCE_DATE_EPOCH": str(EPOCH)})
    # Packed here, not by dracut: under emulation that takes minutes.
    run(["zstd", "-19", "-T2", "--quiet", product / "upper/initrd", "-o", product / "initrd"])
    (product / "initrd").chmod(0o644)
    for scratch in ("root", "tools", "upper"):
        shutil.rmtree(product / scratch)
