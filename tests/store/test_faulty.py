"""The disks that go wrong on purpose do so as told: what other tests conclude from them rests on this."""

import errno
import random

import pytest

from fakes.faulty import FaultyCalls
from fakes.power import CutCalls, PowerCut
from vigil.errors import StoreFault
from vigil.store.disk import Disk


def write_three(disk, root):
    disk.make_directory(root / "a")
    with disk.create(root / "a" / "one") as file:
        file.append(b"first ")
        file.sync()
        disk.sync_directory(root / "a")
        file.append(b"second")
    disk.replace(root / "b", b"third")


def test_each_operation_fails_once(tmp_path):
    counted = FaultyCalls(0)
    write_three(Disk(counted), tmp_path / "0")
    assert counted.seen > 10

    befell = set()
    for nth in range(1, counted.seen + 1):
        calls = FaultyCalls(nth)
        with pytest.raises(StoreFault) as fault:
            write_three(Disk(calls), tmp_path / str(nth))
        assert fault.value.errno == errno.EIO
        befell.add(calls.befell)
    assert befell >= {"mkdir", "create", "write", "fdatasync", "fsync", "rename", "open"}


def test_a_short_write_is_finished_by_the_caller(tmp_path):
    calls = FaultyCalls(1, mode="short")
    write_three(Disk(calls), tmp_path)

    assert calls.fired
    assert (tmp_path / "a" / "one").read_bytes() == b"first second"


def test_a_write_that_fails_is_torn(tmp_path):
    calls = FaultyCalls(2, mode="ENOSPC", only={"write"})
    with pytest.raises(StoreFault):
        write_three(Disk(calls), tmp_path)
    assert (tmp_path / "a" / "one").read_bytes() == b"first sec"


def test_a_disk_that_stays_bad_stays_bad_until_it_heals(tmp_path):
    calls = FaultyCalls(1, mode="EROFS", lasting=True)
    for _ in range(3):
        with pytest.raises(StoreFault):
            Disk(calls).create(tmp_path / "x")
    calls.heal()
    Disk(calls).create(tmp_path / "x").close()


def test_a_directory_whose_sync_failed_is_synced_by_the_next_who_needs_it(tmp_path):
    calls = FaultyCalls(1, only={"fsync"})
    disk = Disk(calls)
    with pytest.raises(StoreFault):
        disk.make_directory(tmp_path / "a")
    assert (tmp_path / "a").is_dir()
    disk.make_directory(tmp_path / "a")
    assert calls.seen == 2
    disk.make_directory(tmp_path / "a")
    assert calls.seen == 2


def test_after_a_cut_only_what_was_synced_is_left(tmp_path):
    (tmp_path / "disk").mkdir()
    calls = CutCalls(tmp_path / "disk", 0)
    write_three(Disk(calls), tmp_path / "disk")
    left = calls.survivor(tmp_path / "left", "synced")

    assert (left / "a" / "one").read_bytes() == b"first "
    assert (left / "b").read_bytes() == b"third"


def test_a_name_that_was_not_synced_is_gone(tmp_path):
    (tmp_path / "disk").mkdir()
    calls = CutCalls(tmp_path / "disk", 0)
    disk = Disk(calls)
    with disk.create(tmp_path / "disk" / "x") as file:
        file.append(b"data")
        file.sync()
    assert list(calls.survivor(tmp_path / "synced", "synced").iterdir()) == []
    assert (calls.survivor(tmp_path / "written", "written") / "x").read_bytes() == b"data"


def test_every_cut_stops_the_program_and_leaves_a_state_it_passed_through(tmp_path):
    (tmp_path / "whole").mkdir()
    counted = CutCalls(tmp_path / "whole", 0)
    write_three(Disk(counted), tmp_path / "whole")

    for nth in range(1, counted.seen + 1):
        root = tmp_path / f"disk{nth}"
        root.mkdir()
        calls = CutCalls(root, nth)
        with pytest.raises(PowerCut):
            write_three(Disk(calls), root)
        with pytest.raises(PowerCut):
            Disk(calls).create(root / "later")
        for name, left in [("s", "synced"), ("w", "written"), ("r", random.Random(nth))]:
            found = calls.survivor(tmp_path / f"{nth}{name}", left)
            for file in found.rglob("one"):
                assert b"first second".startswith(file.read_bytes().rstrip(b"\0"))
            assert not (found / "b").exists() or (found / "b").read_bytes() == b"third"
