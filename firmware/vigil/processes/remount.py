"""A mounted directory is writable for a moment: the card's first partition is read-only at all other times."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

Writable = Callable[[Path], AbstractContextManager[None]]


@contextmanager
def remounted(directory: Path) -> Iterator[None]:
    """Make a mounted directory writable for a moment."""
    subprocess.run(["mount", "-o", "remount,rw", str(directory)], check=True, timeout=30)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,ro", str(directory)], check=True, timeout=30)
