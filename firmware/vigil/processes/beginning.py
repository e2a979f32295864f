"""The beginning of an opened data partition: looked at, written anew where it was lost, and that told."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from vigil.errors import DeviceError
from vigil.store.disk import UNREADABLE
from vigil.upkeep.beginning import BLOCK_BYTES, Writes, to_begin_again
from vigil.upkeep.card_errors import Ill, Trouble
from vigil.upkeep.opening import RECIPES

log = logging.getLogger(__name__)
MENDED = Path("/run/vigil-mended")
"""A file for each partition that was mended since the start, by its name. In memory, so that a new card is well."""


def what_it_lacks(device: Path, label: str) -> Writes | None:
    """Return what `to_begin_again` says of the file system in `device`. Raises `DeviceError`."""
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            blocks = os.lseek(descriptor, 0, os.SEEK_END) // BLOCK_BYTES
            return to_begin_again(lambda number: _read(descriptor, number), blocks=blocks, label=label)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DeviceError(f"{device} cannot be read: {error.strerror}") from error


def write_anew(device: Path, writes: Writes) -> None:
    """Write blocks whole, each durable before the next. Raises `DeviceError` where one does not hold."""
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            for number, data in writes:
                os.pwrite(descriptor, data, number * BLOCK_BYTES)
                os.fsync(descriptor)
            # What the kernel remembers of them proves nothing.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            held = all(_read(descriptor, number) == data for number, data in writes)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DeviceError(f"{device} cannot be written: {error.strerror}") from error
    if not held:
        raise DeviceError(f"{device} does not hold what is written at its beginning: replace the card")


def _read(descriptor: int, number: int) -> bytes | None:
    try:
        data = os.pread(descriptor, BLOCK_BYTES, number * BLOCK_BYTES)
    except OSError as error:
        if error.errno not in UNREADABLE:
            raise
        return None
    return data if len(data) == BLOCK_BYTES else None


def remember(name: str, directory: Path = MENDED) -> None:
    """Remember until the box is switched off that the partition `name` was mended; where that fails the log has it."""
    try:
        directory.mkdir(mode=0o750, exist_ok=True)
        (directory / name).touch()
    except OSError as error:
        log.error("upkeep will not hear of it: %s", error)


def mended(directory: Path = MENDED) -> Iterator[tuple[Trouble, int]]:
    """Give what was remembered, in the words for a card that goes bad."""
    for name in sorted(RECIPES):
        if (directory / name).exists():
            yield Trouble(Ill.MENDED, name), 1
