"""A partition that is to be forgotten: the card is told so, and what it does not forget by itself is written over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vigil.errors import DeviceError, StoreFault
from vigil.store.disk import Disk, DiskFile
from vigil.upkeep.block_devices import Tool

log = logging.getLogger(__name__)
CHUNK_BYTES = 4 << 20
SAMPLE_BYTES = 4096
SAMPLES = 1024
_NOTHING = bytes(CHUNK_BYTES), b"\xff" * CHUNK_BYTES
"""What cards give for blocks that they have forgotten."""


def is_blank(data: bytes) -> bool:
    """Say whether nothing is written there."""
    return any(data == nothing[: len(data)] for nothing in _NOTHING)


def forgot_by_itself(before: list[bytes], after: list[bytes]) -> bool:
    """
    Say whether a card that was told to forget has done so, from the same places before and after.

    It must be seen to: cards that take the order and do nothing are common, and so are emulators that do.
    """
    return any(not is_blank(sample) for sample in before) and all(is_blank(sample) for sample in after)


class Eraser:
    """Erases partitions. `told` hears how many of how many bytes are done, every `CHUNK_BYTES`."""

    def __init__(self, disk: Disk, tool: Tool, *, told: Callable[[int, int], None]) -> None:
        self._disk = disk
        self._tool = tool
        self._told = told

    def erase(self, device: Path, size_bytes: int, *, wholly: bool) -> None:
        """
        Leave nothing of `device` that could be read, as far as a card lets anybody say.

        It is written over where it does not forget when told to, and anyway if `wholly`. Raises `DeviceError` where
        nothing of it can be written; single places that a dying card keeps are told, and passed over.
        """
        try:
            with self._disk.change(device) as file:
                before = _samples(file, size_bytes)
                self._discard(device)
                file.forget_cached()
                if wholly or not forgot_by_itself(before, _samples(file, size_bytes)):
                    self._write_over(file, size_bytes)
        except StoreFault as fault:
            raise DeviceError(f"{device} cannot be erased: {fault}") from fault

    def _discard(self, device: Path) -> None:
        # Whether the order exists, and what it was good for, is seen from what can be read afterwards.
        with suppress(DeviceError):
            self._tool.run("blkdiscard", "-f", str(device), limit_s=280)

    def _write_over(self, file: DiskFile, size_bytes: int) -> None:
        kept = written = 0
        for offset in range(0, size_bytes, CHUNK_BYTES):
            length = min(CHUNK_BYTES, size_bytes - offset)
            try:
                if not _is_blank_at(file, offset, length):
                    file.write_at(offset, _NOTHING[0][:length])
                    file.sync()
                    written += length
            except StoreFault as fault:
                log.warning("%s", fault)
                kept += length
            # What is done is of no use in memory; what the kernel has read ahead of it is.
            file.forget_cached(offset, length)
            self._told(offset + length, size_bytes)
        if kept and not written:
            raise DeviceError(f"{file.path} takes nothing any more: the card is worn out")
        if kept:
            log.error("%s: %d bytes could not be erased; do not give this card away", file.path, kept)


def _is_blank_at(file: DiskFile, offset: int, length: int) -> bool:
    try:
        return is_blank(file.read_at(offset, length))
    except StoreFault:
        # What cannot be read may be written all the same.
        return False


def _samples(file: DiskFile, size_bytes: int) -> list[bytes]:
    """Return what stands at places spread evenly, of which the first is the very beginning."""
    apart = max(SAMPLE_BYTES, size_bytes // SAMPLES // SAMPLE_BYTES * SAMPLE_BYTES)
    found = []
    for offset in range(0, size_bytes - SAMPLE_BYTES + 1, apart):
        try:
            found.append(file.read_at(offset, SAMPLE_BYTES))
        except StoreFault:
            # Not blank. Where it can be read, and is blank, afterwards, the card has done something.
            found.append(b"unreadable")
    return found
