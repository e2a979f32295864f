"""The parts of the root that change rarely: Debian, kernel modules, and the libraries of the recorder."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import bytecode, kernel, venv
from .archive import unpack
from .config import Image
from .errors import BuildError
from .trees import lay_over, pack, remove


def make_ground(product: Path, image: Image, debian: Path, hardware: Path, libraries: Path) -> None:
    """Fill `product/tree.tar`: all of the root that changes rarely."""
    tree = unpack(debian, product / "tree")
    parts = unpack(hardware, product / "hardware")
    (parts / "lib").symlink_to("usr/lib")
    kernel.add_modules(parts, tree, image.modules)
    kernel.add_firmware(parts, tree, image.firmware)
    shutil.rmtree(parts)
    remove_all(tree, image.removals())
    bytecode.forget(tree, "/usr")
    bytecode.compile_in([tree], product / "upper", *bytecode.STANDARD)
    lay_over(product / "upper", tree)
    lay_over(libraries / "tree", tree)
    pack(tree, product / "tree.tar")
    shutil.rmtree(tree)
    shutil.rmtree(product / "upper")


def make_libraries(product: Path, image: Image, debian: Path, *wheels: Path) -> None:
    """Fill `product/tree` with the recorder's environment, all but the recorder: installed, trimmed, compiled."""
    ground = unpack(debian, product / "ground")
    tree = product / "tree"
    venv.make_home(tree, image.python)
    venv.install(tree, image.python, *wheels)
    venv.trim(tree, image.python)
    bytecode.compile_in([tree, ground], product / "upper", image.python.home)
    lay_over(product / "upper", tree)
    for scratch in ("ground", "upper"):
        shutil.rmtree(product / scratch)


def remove_all(tree: Path, patterns: list[str]) -> None:
    """
    Take out what the layers name.

    Raises:
        BuildError: if a pattern matches nothing: the package has moved it, and the list must follow.
    """
    idle = [pattern for pattern in patterns if not list(tree.glob(pattern))]
    if idle:
        raise BuildError(f"[remove]: there is no {', '.join(idle)}")
    for path in (path for pattern in patterns for path in sorted(tree.glob(pattern))):
        remove(path)
