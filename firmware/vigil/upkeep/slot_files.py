"""The two copies of the slot state on the boot partition: `slots.env` first, then `slots2.env`, each made durable."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import DeviceError, SealError
from vigil.upkeep.slots import SIZE_BYTES, SlotState, decode, encode

NAMES = ("slots.env", "slots2.env")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the two copies say. `damage` names each copy that cannot be used, and why; U-Boot judges them alike."""

    state: SlotState
    damage: tuple[str, ...]


def read_slots(directory: Path) -> Found:
    """The first copy whose checksum is right; the state of a new card where there is none."""
    states: list[SlotState] = []
    damage: list[str] = []
    for name in NAMES:
        try:
            with (directory / name).open("rb") as file:
                states.append(decode(file.read(SIZE_BYTES)))
        except (OSError, SealError) as why:
            damage.append(f"{name}: {why.strerror if isinstance(why, OSError) else why}")
    return Found(state=states[0] if states else SlotState(), damage=tuple(damage))


def write_slots(directory: Path, state: SlotState) -> None:
    """
    Make `state` durable in both copies; whenever the power fails, one of them is whole.

    The files are written over in place: on FAT a new file would be a new chain of clusters, and a cut in between
    neither the old nor the new. A copy that cannot be written does not keep the other from being written.
    Raises `DeviceError` when one could not be written.
    """
    data = encode(state)
    faults: list[str] = []
    for name in NAMES:
        try:
            _write_over(directory / name, data)
        except OSError as why:
            faults.append(f"{name}: {why.strerror}")
    if faults:
        raise DeviceError(f"the slot state could not be written to {' and '.join(faults)}")


def _write_over(path: Path, data: bytes) -> None:
    is_new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if os.pread(file, len(data) + 1, 0) != data:
            view = memoryview(data)
            while view:
                view = view[os.pwrite(file, view, len(data) - len(view)) :]
            os.ftruncate(file, len(data))
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
