"""Logs of writes, made by hand in the format of the kernel's dm-log-writes."""

from __future__ import annotations

import struct

from power.write_log import MAGIC


def log_of(*entries: tuple[int, bytes, int], counted: int | None = None) -> bytes:
    """A log of (sector, data, flags); the super block counts all of them, or `counted`."""
    number = len(entries) if counted is None else counted
    made = struct.pack("<QQQI", MAGIC, 1, number, 512).ljust(512, b"\0")
    for sector, data, flags in entries:
        made += struct.pack("<QQQQ", sector, len(data) // 512, flags, 0).ljust(512, b"\0") + data
    return made
