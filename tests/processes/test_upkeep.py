"""Watching over the box: a stalled card ends in a restart, and never in one after the other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.processes.place import Place
from vigil.processes.upkeep import Upkeep, threads_of_ours
from vigil.store.disk import Disk
from vigil.upkeep.stuck import Thread, parse_stat

WAITING = Thread("record", "D", 500)


class Box:
    """A box whose threads are said by hand; it comes back from every restart."""

    def __init__(self, root, calls=None):
        self.place = Place(root)
        self.place.state.mkdir(exist_ok=True)
        self.clock = HandClock()
        self.threads = {7: Thread("record", "S", 500)}
        self.restarts = []
        self.calls = calls
        self.boot()

    def boot(self):
        self.upkeep = Upkeep(
            self.place, Disk(self.calls), self.clock, threads=lambda: self.threads, restart=self.restarted
        )

    def restarted(self):
        self.restarts.append(self.clock.steady_us() // 1_000_000)
        self.boot()

    def live(self, seconds):
        for _ in range(seconds // 5):
            self.clock.sleep(5)
            self.said = self.upkeep.step()
        return self


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_a_box_that_is_well_is_left_alone_and_writes_nothing(box):
    box.live(3600)
    box.upkeep.close()

    assert box.restarts == [] and box.said == "all is well"
    assert list(box.place.state.iterdir()) == []


def test_a_thread_that_waits_without_end_ends_in_a_restart(box):
    box.threads = {7: WAITING}
    box.live(80)
    assert box.restarts == []

    box.live(20)
    assert len(box.restarts) == 1


def test_a_thread_that_waits_often_but_runs_in_between_is_well(box):
    for ticks in range(500, 560):
        box.threads = {7: Thread("record", "D", ticks)}
        box.live(60)

    assert box.restarts == []


def test_a_restart_that_does_not_help_is_not_repeated_without_end(box):
    box.threads = {7: WAITING}
    box.live(24 * 3600 - 60)

    gaps = [after - before for before, after in zip(box.restarts, box.restarts[1:], strict=False)]
    assert len(box.restarts) == 4
    assert gaps[0] >= 600 and gaps[1] >= 3600 and gaps[2] >= 6 * 3600
    assert "has been waiting for the disk" in box.said


def test_what_was_spent_is_on_the_card_before_the_restart(box):
    box.threads = {7: WAITING}
    box.live(100)

    assert json.loads((box.place.state / "reboot-budget.json").read_bytes()) == {"forced": 1, "calm_s": 0}


def test_time_in_which_all_was_well_is_remembered_over_boots(box):
    box.threads = {7: WAITING}
    box.live(100)
    box.threads = {}
    box.live(1200)
    box.boot()

    assert box.upkeep.budget.calm_s >= 600


def test_a_card_that_refuses_keeps_no_box_from_its_restart(tmp_path):
    box = Box(tmp_path, FaultyCalls(1, lasting=True))
    box.threads = {7: WAITING}
    box.live(100)

    assert len(box.restarts) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"forced": -5, "calm_s": 0}'])
def test_a_spoilt_budget_is_a_new_one(box, content):
    (box.place.state / "reboot-budget.json").write_bytes(content)
    box.boot()

    assert box.upkeep.budget.wait_s == 0


def test_names_with_brackets_and_blanks_are_read(tmp_path):
    line = "42 (a ) b (c) D " + " ".join(str(number) for number in range(1, 50))

    assert parse_stat(line) == Thread("a ) b (c", "D", 11 + 12)


def test_the_threads_of_our_processes_are_found(tmp_path):
    """Our own process stands in for a recorder; its cgroup is a directory."""
    listing = tmp_path / "system-vigil\\x2drecord.slice/vigil-record@gate.service/cgroup.procs"
    listing.parent.mkdir(parents=True)
    listing.write_text(f"{os.getpid()}\n999999999\n")

    found = threads_of_ours(tmp_path)

    assert os.getpid() in found
    assert len(found) == len(list(Path("/proc/self/task").iterdir()))
