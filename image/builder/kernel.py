"""The kernel's parts: which modules the boxes can use, and what those need in turn."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from .errors import BuildError
from .run import run


def version_of(hardware: Path) -> str:
    """
    The kernel's version.

    Raises:
        BuildError: unless the tree holds exactly one.
    """
    found = sorted(path.name for path in (hardware / "usr/lib/modules").glob("*") if path.is_dir())
    if len(found) != 1:
        raise BuildError(f"the hardware tree must hold modules of one kernel, found {', '.join(found) or 'none'}")
    return found[0]


def only_one(hardware: Path, pattern: str) -> Path:
    """
    The one file or directory of the hardware tree whose path matches.

    Raises:
        BuildError: if there is none, or more than one.
    """
    found = sorted(hardware.glob(pattern))
    if len(found) != 1:
        names = ", ".join(path.relative_to(hardware).as_posix() for path in found)
        raise BuildError(f"{pattern} must match once in the hardware tree, found {names or 'nothing'}")
    return found[0]


def with_needs(wanted: Iterable[str], needs: Mapping[str, list[str]]) -> set[str]:
    """These modules and all that they need, as deep as it goes."""
    chosen: set[str] = set()
    ahead = list(wanted)
    while ahead:
        module = ahead.pop()
        if module not in chosen:
            chosen.add(module)
            ahead += needs.get(module, [])
    return chosen


def read_needs(modules_dep: str) -> dict[str, list[str]]:
    """`modules.dep`, read: each module and those it needs."""
    lines = (line.partition(":") for line in modules_dep.splitlines() if ":" in line)
    return {module: needed.split() for module, _, needed in lines}


def add_modules(hardware: Path, tree: Path, keep: tuple[str, ...]) -> None:
    """
    Copy the modules whose path (below `kernel/`) begins with one of `keep`, and what they need, into a root.

    Raises:
        BuildError: if a beginning matches nothing: the kernel has moved it, and the list must follow.
    """
    version = version_of(hardware)
    source = hardware / "usr/lib/modules" / version
    target = tree / "usr/lib/modules" / version
    run(["depmod", "--basedir", hardware, version])
    needs = read_needs((source / "modules.dep").read_text(encoding="utf-8"))
    wanted = {module for module in needs if module.removeprefix("kernel/").startswith(keep)}
    idle = [start for start in keep if not any(module.startswith(f"kernel/{start}") for module in needs)]
    if idle:
        raise BuildError(f"[modules] keep: no module of kernel {version} begins with {', '.join(idle)}")
    for module in sorted(with_needs(wanted, needs)):
        (target / module).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / module, target / module)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy2(source / name, target / name)
    run(["depmod", "--basedir", tree, version])


def add_firmware(hardware: Path, tree: Path, patterns: tuple[str, ...]) -> None:
    """
    Copy the firmware files that the boxes' radios load.

    Raises:
        BuildError: if a pattern matches nothing.
    """
    source = hardware / "usr/lib/firmware"
    names = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if not path.is_dir())
    idle = [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in names)]
    if idle:
        raise BuildError(f"[firmware] keep: nothing is called {', '.join(idle)}")
    for name in (name for name in names if any(fnmatch(name, pattern) for pattern in patterns)):
        _copy_with_targets(source, tree / "usr/lib/firmware", name)


def _copy_with_targets(source: Path, target: Path, name: str) -> None:
    """Copy a file; of a link, what it points to as well."""
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    if not _is_there(target / name):
        shutil.copy2(source / name, target / name, follow_symlinks=False)
    if (source / name).is_symlink():
        inner = (source / name).parent.joinpath((source / name).readlink())
        _copy_with_targets(source, target, inner.resolve().relative_to(source.resolve()).as_posix())


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()
