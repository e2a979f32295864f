"""Compiles Python's modules beforehand: on a read-only root nothing could be kept, and a small board is slow at it."""

from __future__ import annotations

import shutil
from pathlib import Path

from .archive import EPOCH
from .run import run_inside

# Of Debian's packages, and of libraries, only what the recorder could import; the rest is read rarely.
STANDARD = ("/usr/lib/python3.13", "/usr/lib/python3/dist-packages")


def forget(tree: Path, *places: str) -> None:
    """Remove what was compiled before: it names the time of its source, which an image does not keep."""
    for place in places:
        for found in sorted((tree / place.lstrip("/")).rglob("__pycache__")):
            shutil.rmtree(found)


def compile_in(lower: list[Path], upper: Path, *places: str) -> None:
    """
    Compile all modules below `places`; the result lands in `upper`.

    `unchecked-hash`: Python takes them as they are, because root and bytecode are verified together.
    """
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-j", "1"]
    # -B: else what compiling itself imports would be kept as well, marked by the time of its source.
    command = ["/usr/bin/python3.13", "-B", "-m", "compileall", *options, *places]
    run_inside(lower, upper, command, extra={"SOURCE_DATE_EPOCH": str(EPOCH)})
