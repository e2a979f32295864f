"""Watching over the box: a stalled card ends in a restart, and never in one after the other."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.processes.aside import Aside
from vigil.processes.boot_log import EVERY_US, TRIAL_EVERY_US, BootLog
from vigil.processes.place import Place
from vigil.processes.tellings import left
from vigil.processes.upkeep import Chore, KeptLog, Upkeep, came_by_reset, threads_of_ours
from vigil.store.disk import Calls, Disk
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
        self.has_state = True
        self.mountinfo = ""
        self.memory_lasts = True
        self.boot()

    def boot(self, *, after_reset=False):
        self.upkeep = Upkeep(
            self.place,
            Disk(self.calls),
            self.clock,
            threads=lambda: self.threads,
            restart=self.restarted,
            after_reset=after_reset,
            is_there=lambda _: self.has_state,
            mountinfo=lambda: self.mountinfo,
        )

    def restarted(self):
        self.restarts.append(self.clock.steady_us() // 1_000_000)
        self.boot(after_reset=self.memory_lasts)

    def live(self, seconds):
        for _ in range(seconds // 5):
            self.clock.sleep(5)
            self.said = self.upkeep.step()
        return self


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def note(box):
    return json.loads((box.place.state / "reboot-budget.json").read_bytes())


def test_a_box_that_is_well_writes_only_that_it_ended_in_good_order(box):
    box.live(3600)

    assert box.restarts == [] and box.said == "all is well"
    assert list(box.place.state.iterdir()) == []

    box.upkeep.close()
    assert note(box) == {"forced": 0, "calm_s": 0, "ended": "in good order", "why": ""}


def test_a_video_partition_that_the_kernel_closed_ends_in_a_restart_which_mends_it(box):
    box.mountinfo = f"61 28 253:2 / {box.place.video} rw shared:37 - ext4 /dev/mapper/vigil-video rw,emergency_ro"
    box.live(5)

    assert len(box.restarts) == 1

    box.live(60)
    assert len(box.restarts) == 1 and "it may be restarted later" in box.said

    box.mountinfo = ""
    assert box.live(5).said == "all is well"


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


@pytest.mark.parametrize("memory_lasts", [True, False], ids=["memory lasts", "memory forgets"])
def test_a_restart_that_does_not_help_is_not_repeated_without_end(box, memory_lasts):
    box.memory_lasts = memory_lasts
    box.threads = {7: WAITING}
    box.live(24 * 3600 - 60)

    gaps = [after - before for before, after in zip(box.restarts, box.restarts[1:], strict=False)]
    assert len(box.restarts) == 4
    assert gaps[0] >= 600 and gaps[1] >= 3600 and gaps[2] >= 6 * 3600
    assert "has been waiting for the disk" in box.said and "it is not restarted again" in box.said


class Stalled(Calls):
    """The calls of a card that answers until it stalls: then whoever asks it for anything waits for good."""

    def __init__(self):
        self.is_stalled = False
        self.never = threading.Event()

    def open(self, path, flags, mode=0o660):
        if self.is_stalled:
            self.never.wait()
        return super().open(path, flags, mode)


def test_a_card_that_takes_no_note_any_more_does_not_make_restarts_free(tmp_path, monkeypatch):
    """Each time the card stalls so soon that the note of the restart does not reach it."""
    monkeypatch.setattr("vigil.processes.upkeep._PATIENCE_S", 0.05)
    calls = Stalled()
    box = Box(tmp_path, calls)
    began = []
    for _ in range(6):
        box.threads = {7: WAITING}
        calls.is_stalled = True
        before = len(box.restarts)
        for _ in range(24):
            box.live(100)
            if len(box.restarts) > before:
                break
        began.append(len(box.restarts) - before)
        calls.never.set()  # a reset ends whatever waited
        calls.never, calls.is_stalled = threading.Event(), False
        box.boot(after_reset=True)

    assert began[0] == 1 and sum(began) < 4
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join()


def test_a_state_that_cannot_be_asked_leaves_an_hour_between_restarts(box):
    box.has_state = False
    box.threads = {7: WAITING}
    box.boot(after_reset=False)
    box.live(100)
    assert len(box.restarts) == 1

    box.live(3500)
    assert len(box.restarts) == 1
    box.live(200)
    assert len(box.restarts) == 2


def test_a_reset_that_nobody_asked_for_counts_and_one_in_good_order_does_not(box):
    box.boot(after_reset=True)
    assert box.upkeep.budget.forced == 1

    box.upkeep.close()
    box.boot(after_reset=True)
    assert box.upkeep.budget.forced == 1

    box.boot(after_reset=False)
    assert box.upkeep.budget.forced == 1


def test_what_was_spent_is_on_the_card_before_the_restart(box):
    told = []
    box.restarted = lambda: told.append(note(box))
    box.boot()
    box.threads = {7: WAITING}
    box.live(95)

    assert told[0] == {
        "forced": 1,
        "calm_s": 0,
        "ended": "restarted",
        "why": "record has been waiting for the disk for 90 s",
    }


def test_the_next_start_says_why_the_box_restarted_itself_to_the_journal_too(box, caplog):
    box.threads = {7: WAITING}
    box.live(100)

    assert "the box restarted itself: record has been waiting for the disk" in caplog.text
    (telling,) = left(Disk(), box.place.tellings)
    assert (telling.kind, telling.fields["why"]) == ("box.restarted", "record has been waiting for the disk for 90 s")


def test_a_reset_that_nobody_asked_for_is_told_to_the_journal(box):
    box.boot(after_reset=True)

    (telling,) = left(Disk(), box.place.tellings)
    assert (telling.kind, telling.fields["why"]) == ("box.restarted", "it was reset, and nobody had asked for it")


def test_the_selectors_word_is_found_on_the_command_line():
    assert came_by_reset("ro panic=10 rauc.slot=A vigil.start=reset vigil.watchdog=boot\n")
    assert not came_by_reset("ro vigil.start=power")


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
def test_a_spoilt_budget_is_a_new_one_and_a_careful_one_after_a_reset(box, content):
    (box.place.state / "reboot-budget.json").write_bytes(content)
    box.boot(after_reset=False)
    assert box.upkeep.budget.wait_s == 0

    (box.place.state / "reboot-budget.json").write_bytes(content)
    box.boot(after_reset=True)
    assert box.upkeep.budget.wait_s == 3600


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


def test_the_log_is_kept_often_while_a_trial_lasts_and_seldom_after_it(tmp_path):
    trial, asked = [True], []

    def lines():
        asked.append("once more")
        return b""

    kept = KeptLog(BootLog(Disk(), tmp_path, lines=lines), lambda: trial[0])
    assert kept.every_us == EVERY_US

    kept.look()
    kept.keep()
    assert (kept.every_us, len(asked)) == (TRIAL_EVERY_US, 1)

    trial[0] = False
    kept.keep()
    assert (kept.every_us, len(asked)) == (EVERY_US, 2)


def test_a_chore_is_done_when_it_is_due_and_not_while_it_still_waits_for_the_card():
    clock, go_on, done = HandClock(), threading.Event(), []

    def work():
        done.append(clock.steady_us())
        go_on.wait()

    chore = Chore(clock, Aside(), work, lambda: 30_000_000)
    for _ in range(20):
        chore.do_if_due()
        clock.sleep(5)
    assert len(done) == 1

    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join()
    clock.sleep(30)
    chore.do_if_due()
    assert len(done) == 2
