"""The files of this checkout, for the tests that look at the project itself."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "firmware" / "vigil"


@cache
def project_files() -> tuple[Path, ...]:
    """
    Every file that belongs to the project, sorted: what git tracks, and what it would track if it were added.

    Files that somebody is about to add count, so that a mistake shows before it is committed.
    """
    # A checkout which belongs to another user is still the one under test.
    git = ("git", "-c", "safe.directory=*", "-C", str(ROOT))
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file() and not path.is_symlink()))


def text_files(*patterns: str) -> list[Path]:
    """The project's files that match one of the glob patterns and hold UTF-8 text."""
    chosen = (path for path in project_files() if any(path.relative_to(ROOT).match(p) for p in patterns))
    return [path for path in chosen if _is_text(path)]


def shell_scripts() -> list[Path]:
    """Every shell script of the project, known by its name or its first line."""
    return [path for path in text_files("*") if path.suffix == ".sh" or _is_shell(_first_line(path))]


def name_of(path: Path) -> str:
    """How a test calls a file: its path from the top of the checkout."""
    return path.relative_to(ROOT).as_posix()


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline()


def _is_shell(first_line: str) -> bool:
    return re.match(r"#!.*[/ ](ba|da)?sh\b", first_line) is not None


def _is_text(path: Path) -> bool:
    data = path.read_bytes()
    if b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
