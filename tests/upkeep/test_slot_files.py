"""The two copies of the slot state: one is whole at every moment, and damage is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vigil.errors import DeviceError
from vigil.upkeep import slot_files
from vigil.upkeep.slot_files import NAMES, read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, encode, try_next

OLD = SlotState()
NEW = try_next(OLD, Slot.B)


class Cut(Exception):
    """The power fails here."""


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """A boot partition with the old state."""
    write_slots(tmp_path, OLD)
    return tmp_path


def test_both_copies_are_written(boot: Path):
    write_slots(boot, NEW)

    assert [(boot / name).read_bytes() for name in NAMES] == [encode(NEW), encode(NEW)]
    assert read_slots(boot).damage == ()


def test_a_boot_partition_without_files_is_a_new_card(tmp_path: Path):
    found = read_slots(tmp_path)

    assert found.state == SlotState()
    assert [line.split(":")[0] for line in found.damage] == list(NAMES)


@pytest.mark.parametrize("damage", [b"", b"\0" * 0x4000, encode(NEW)[:-1], b"\xff" + encode(NEW)[1:]])
def test_a_damaged_first_copy_is_named_and_mended(boot: Path, damage: bytes):
    write_slots(boot, NEW)
    (boot / "slots.env").write_bytes(damage)

    found = read_slots(boot)
    assert found.state == NEW
    assert len(found.damage) == 1 and found.damage[0].startswith("slots.env: ")

    write_slots(boot, found.state)
    assert read_slots(boot).damage == ()


def test_a_damaged_second_copy_is_named_although_nobody_needed_it(boot: Path):
    (boot / "slots2.env").write_bytes(b"spoilt")

    found = read_slots(boot)

    assert found.state == OLD
    assert len(found.damage) == 1 and found.damage[0].startswith("slots2.env: ")


def test_the_files_stay_where_they_are_on_the_card(boot: Path):
    before = [(boot / name).stat().st_ino for name in NAMES]
    write_slots(boot, NEW)

    assert [(boot / name).stat().st_ino for name in NAMES] == before
    assert sorted(path.name for path in boot.iterdir()) == sorted(NAMES)


def test_a_file_that_is_too_long_is_cut_to_its_size(boot: Path):
    (boot / "slots.env").write_bytes(encode(NEW) + b"more")
    write_slots(boot, NEW)

    assert (boot / "slots.env").read_bytes() == encode(NEW)


def test_what_is_written_already_is_not_written_again(boot: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> int:
        raise AssertionError("written")

    monkeypatch.setattr(os, "pwrite", refuse)

    write_slots(boot, OLD)


def test_whenever_the_power_fails_one_copy_is_whole(boot: Path, monkeypatch: pytest.MonkeyPatch):
    """The writing goes 100 bytes at a time, and is cut after each piece and each sync; nothing is lost in between."""
    real_write, real_sync = os.pwrite, os.fsync
    left = 0
    synced: list[str] = []

    def step() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Cut

    def write(file: int, data: bytes, at: int) -> int:
        step()
        return real_write(file, data[:100], at)

    def sync(file: int) -> None:
        step()
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real_sync(file)

    monkeypatch.setattr(os, "pwrite", write)
    monkeypatch.setattr(os, "fsync", sync)
    seen = set()
    for steps in range(400):
        (boot / "slots.env").write_bytes(encode(OLD))
        (boot / "slots2.env").write_bytes(encode(OLD))
        left = steps
        synced.clear()
        try:
            write_slots(boot, NEW)
        except Cut:
            state = read_slots(boot).state
            seen.add(state)
            assert state in {OLD, NEW}
            if (boot / "slots2.env").read_bytes() != encode(OLD):
                # The second is touched only once the first is safe.
                assert synced == ["slots.env"]
            continue
        break
    else:
        pytest.fail("never done")
    assert steps > 300 and seen == {OLD, NEW}
    assert synced == ["slots.env", "slots2.env"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_copy_that_cannot_be_written_does_not_hold_the_other_back(
    boot: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    real = slot_files._write_over

    def write(path: Path, data: bytes) -> None:
        if path.name == NAMES[number]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(path, data)

    monkeypatch.setattr(slot_files, "_write_over", write)

    with pytest.raises(DeviceError, match=NAMES[number]):
        write_slots(boot, NEW)

    assert (boot / NAMES[1 - number]).read_bytes() == encode(NEW)
