"""Nothing is left of what is erased, whether the card forgets when told to, does not, or is dying."""

from __future__ import annotations

import os
import subprocess
from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from vigil.errors import DeviceError
from vigil.processes.erase import CHUNK_BYTES, SAMPLE_BYTES, Eraser, forgot_by_itself, is_blank
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import Tool

SIZE = 3 * CHUNK_BYTES + 12_288
SECRET = b"correct horse battery staple"


class Discarding(Tool):
    """A card that is told to forget. `leaves` is what it then gives for everything, None where it does nothing."""

    def __init__(self, leaves=None, *, refuses=False):
        self.leaves, self.refuses, self.asked = leaves, refuses, []

    def run(self, *command, limit_s, good=(0,)):
        assert command[:2] == ("blkdiscard", "-f")
        self.asked.append(command[2])
        if self.refuses:
            raise DeviceError("BLKDISCARD ioctl failed: Operation not supported")
        if self.leaves is not None:
            with Path(command[2]).open("r+b") as file:
                file.write(self.leaves * SIZE)
        return 0, ""


class Written(FaultyCalls):
    """Counts bytes written."""

    def __init__(self, nth=0, **how):
        super().__init__(nth, **how)
        self.bytes = 0

    def pwrite(self, fd, data, offset):
        done = super().pwrite(fd, data, offset)
        self.bytes += done
        return done


@pytest.fixture
def device(tmp_path):
    path = tmp_path / "p8"
    path.write_bytes(b"integrity" + bytes(SIZE - 9))
    with path.open("r+b") as file:
        for place in (70_000, CHUNK_BYTES - 10, SIZE - len(SECRET)):
            file.seek(place)
            file.write(SECRET)
    return path


def erase(device, tool, *, wholly=False, calls=None):
    told = []
    eraser = Eraser(Disk(calls or Written()), tool, told=lambda done, of: told.append((done, of)))
    eraser.erase(device, SIZE, wholly=wholly)
    return told


@pytest.mark.parametrize("tool", [Discarding(), Discarding(refuses=True)], ids=["does nothing", "knows no such order"])
def test_a_card_that_does_not_forget_is_written_over_to_its_last_byte(device, tool):
    told = erase(device, tool)

    assert device.read_bytes() == bytes(SIZE)
    assert told[-1] == (SIZE, SIZE) and len(told) == 4


@pytest.mark.parametrize("leaves", [b"\0", b"\xff"])
def test_a_card_that_forgets_is_spared(device, leaves):
    calls = Written()
    erase(device, Discarding(leaves), calls=calls)

    assert device.read_bytes() == leaves * SIZE
    assert calls.bytes == 0


def test_where_keys_lay_a_card_is_never_taken_at_its_word(device, monkeypatch):
    class Sly(Discarding):
        """Forgets where somebody looks."""

        def run(self, *command, limit_s, good=(0,)):
            with Path(command[2]).open("r+b") as file:
                file.write(bytes(SAMPLE_BYTES))
            return 0, ""

    monkeypatch.setattr("vigil.processes.erase.SAMPLES", 1)
    told = erase(device, Sly(), wholly=True)

    assert device.read_bytes() == bytes(SIZE)
    assert told


def test_what_is_erased_again_costs_no_wear(device):
    erase(device, Discarding())
    calls = Written()
    erase(device, Discarding(), calls=calls)

    assert calls.bytes == 0
    assert device.read_bytes() == bytes(SIZE)


def test_it_is_proved_only_by_something_that_was_there_before():
    blank, full = bytes(8), b"pictures"

    assert forgot_by_itself([full, blank], [blank, b"\xff" * 8])
    assert not forgot_by_itself([blank, blank], [blank, blank])
    assert not forgot_by_itself([full, blank], [blank, full])
    assert is_blank(b"") and not is_blank(b"\0\xff")


@pytest.mark.parametrize("only", ["pread", "pwrite", "fdatasync"])
def test_one_bad_place_keeps_nothing_else(device, only, caplog, monkeypatch):
    monkeypatch.setattr("vigil.processes.erase.SAMPLES", 3)
    for nth in count(1):
        with device.open("r+b") as file:
            file.write(SECRET)
        calls = Written(nth, only={only})
        if only == "pread" and nth > 20:
            break
        try:
            erase(device, Discarding(), calls=calls)
        except DeviceError:
            pytest.fail(f"one bad {only} is no reason to give up")
        if not calls.fired:
            break
        left = device.read_bytes()
        pieces = [left[at : at + CHUNK_BYTES] for at in range(0, SIZE, CHUNK_BYTES)]
        assert sum(piece != bytes(len(piece)) for piece in pieces) <= 1
        if only != "pread":
            assert "do not give this card away" in caplog.text or left == bytes(SIZE)


def test_a_card_that_takes_nothing_is_given_up(device):
    with pytest.raises(DeviceError, match="worn out"):
        erase(device, Discarding(), calls=Written(1, only={"pwrite"}, lasting=True))


def test_a_device_that_is_gone_is_told(tmp_path):
    with pytest.raises(DeviceError, match="cannot be erased"):
        erase(tmp_path / "nothing", Discarding())


def test_wherever_the_power_goes_the_next_start_leaves_nothing(device):
    whole = device.read_bytes()
    for nth in count(1):
        device.write_bytes(whole)
        os.truncate(device, SIZE)
        calls = Written(nth, only={"pwrite", "fdatasync"}, lasting=True)
        try:
            erase(device, Discarding(), calls=calls)
        except DeviceError:
            pass
        erase(device, Discarding())
        assert device.read_bytes() == bytes(SIZE)
        if not calls.fired:
            break
    assert nth > 4


def test_nothing_is_read_from_the_card_twice(tmp_path, monkeypatch):
    # A card that is not small takes minutes to be read, and the kernel reads far ahead.
    monkeypatch.setattr("vigil.processes.erase.SAMPLES", 2)
    image = tmp_path / "p8"
    with image.open("wb") as file:
        file.truncate(size := 64 << 20)
    attached = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True)
    device = Path(attached.stdout.strip())

    def sectors_read() -> int:
        return int(Path("/sys/block", device.name, "stat").read_text().split()[2])

    try:
        before = sectors_read()
        Eraser(Disk(), Discarding(), told=lambda *_: None).erase(device, size, wholly=True)
        read_bytes = 512 * (sectors_read() - before)
    finally:
        subprocess.run(["losetup", "-d", device], check=True)

    assert size <= read_bytes < size * 1.1
