"""A mounted directory is writable for a moment: the card's first partition is read-only at all other times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from vigil.upkeep.block_devices import Tool

Writable = Callable[[Path], AbstractContextManager[None]]


@contextmanager
def remounted(directory: Path) -> Iterator[None]:
    """Make a mounted directory writable for a moment. Raises `DeviceError`."""
    tool = Tool()
    tool.run("mount", "-o", "remount,rw", str(directory), limit_s=30)
    try:
        yield
    finally:
        tool.run("mount", "-o", "remount,ro", str(directory), limit_s=30)
