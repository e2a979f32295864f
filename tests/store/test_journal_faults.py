"""Whichever operation of the disk fails and whenever the power goes, nothing that was told is lost."""

import contextlib
import errno
import itertools
import random

import pytest

from fakes.faulty import FaultyCalls
from fakes.journals import Bench, clean, fill, happened, shrink_files
from fakes.power import CutCalls, PowerCut
from vigil.errors import LogDamaged, StoreFault
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.store.journal_read import LogReader


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def small_files(monkeypatch):
    shrink_files(monkeypatch)


# ---- a disk that fails


def live(bench, calls, told):
    """
    A short life: two openings, appends, checkpoints, a prune. Each step is repeated until the disk does it.

    Whatever was acknowledged goes to `told`: entries, and notes handed out.
    """

    def insist(step, *args, **named):
        while True:
            try:
                return step(*args, **named)
            except StoreFault:
                assert calls.fired

    for round_number in range(2):
        journal = insist(bench.open, calls=calls)
        told["logs"].append(journal.log_id)
        try:
            for number in range(3):
                told["entries"].append(insist(journal.append, *happened(number), clock_trust="synced"))
            batch = [happened(n) for n in range(7)]
            told["entries"] += insist(journal.append_many, batch, clock_trust="synced")
            told["notes"].append(insist(journal.checkpoint) or "")
            if round_number:
                insist(journal.prune, 9, clock_trust="synced")
        finally:
            journal.close()


def new_told():
    return {"entries": [], "notes": [], "logs": []}


def believe(bench, told, *, pruned=0):
    """Assert that everything that was told is true of what is on the disk."""
    assert len(set(told["logs"])) <= 1
    outside = [peek_checkpoint(note) for note in told["notes"] if note]
    verdict = clean(bench, outside)
    assert verdict.anchored == (outside[-1] if outside else None)
    reader = LogReader(bench.directory / verdict.log_id)
    here = {entry.seq: entry.line for entry in reader.entries()}
    for entry in told["entries"]:
        assert here.get(entry.seq) == entry.line or entry.seq < pruned
    return verdict


# Each is some hundred journals: one kind of fault is enough to see that nothing is broken.
@pytest.mark.parametrize(
    "mode", [pytest.param("EIO", marks=pytest.mark.slow), pytest.param("ENOSPC", marks=pytest.mark.slow), "short"]
)
def test_whichever_operation_fails_the_journal_mends_itself_and_nothing_told_is_lost(tmp_path, small_files, mode):
    for nth in itertools.count(1):
        bench = Bench(tmp_path / str(nth))
        calls = FaultyCalls(nth, mode=mode)
        told = new_told()
        live(bench, calls, told)
        assert believe(bench, told, pruned=9).unseen == 9
        if not calls.fired:
            break
    assert nth > 20


def test_a_disk_that_stays_bad_is_told_each_time_and_mends_when_it_is_good_again(bench, small_files):
    journal = bench.open()
    fill(journal, 20)
    journal.close()
    calls = FaultyCalls(0)
    journal = bench.open(calls=calls)
    calls.nth, calls.seen, calls._lasting = 1, 0, True
    for _ in range(3):
        with pytest.raises(StoreFault):
            journal.append(*happened(1), clock_trust="synced")
    calls.heal()
    entry = journal.append(*happened(1), clock_trust="synced")
    journal.close()

    assert entry.seq == 21
    clean(bench)


def test_a_disk_that_cannot_read_the_old_log_gets_a_new_one(bench):
    with bench.open() as journal:
        fill(journal, 5)

    class Unreadable(FaultyCalls):
        def pread(self, fd, size, offset):
            if self.nth < 2:
                self.nth += 1
                self._refuse()
            return super().pread(fd, size, offset)

    with bench.open(calls=Unreadable(0)) as journal:
        assert journal.began
        assert "cannot be read" in journal.loss


def test_files_that_vanish_under_an_open_journal_are_a_loss(bench):
    calls = FaultyCalls(0, only={"write"})
    journal = bench.open(calls=calls)
    fill(journal, 5)
    path = journal.directory / "entries/00000000.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    calls.nth = calls.seen + 1
    with pytest.raises(StoreFault):
        fill(journal, 1)
    with pytest.raises(LogDamaged):
        fill(journal, 1)
    journal.close()
    with bench.open() as journal:
        assert journal.began


# ---- the power goes


# As many journals as there are operations: what was synced alone is the hardest.
@pytest.mark.parametrize(
    "left", ["synced", pytest.param("written", marks=pytest.mark.slow), pytest.param("between", marks=pytest.mark.slow)]
)
def test_wherever_the_power_goes_the_log_goes_on_and_nothing_told_is_lost(tmp_path, small_files, left):
    for nth in itertools.count(1):
        root = tmp_path / f"{nth}"
        root.mkdir()
        bench = Bench(root)
        calls = CutCalls(root, nth)
        told = new_told()
        try:
            live(bench, calls, told)
        except PowerCut:
            assert calls.fired
        after = Bench(tmp_path / f"{nth}-after", seed=f"after {nth}")
        calls.survivor(after.directory.parent, random.Random(nth) if left == "between" else left)

        with after.open() as journal:
            if told["logs"]:
                assert journal.log_id == told["logs"][0]
            assert journal.loss is None
            fill(journal, 2)
            journal.checkpoint()
        believe(after, told, pruned=9)
        if not calls.fired:
            break
    assert nth > 40


def test_what_a_checkpoint_covers_is_durable_hashes_too(tmp_path):
    (tmp_path / "disk").mkdir()
    calls = CutCalls(tmp_path / "disk", 0)
    journal = Bench(tmp_path / "disk").open(calls=calls)
    fill(journal, 300)
    journal.checkpoint()
    left = Bench(calls.survivor(tmp_path / "left", "synced"))
    journal.close()

    reader = LogReader(left.directory / journal.log_id)
    assert reader.newest_checkpoint() == Checkpoint(journal.origin, 301, journal.root)
    assert reader.root_at(301) == journal.root


def test_bodies_go_only_after_the_mark_that_says_so_is_durable(tmp_path, small_files):
    class RefusesOnce(CutCalls):
        """The directory of the log cannot be synced once, just after `pruned` was renamed in it."""

        refused = False

        def fsync(self, fd):
            path = self._fds[fd]
            if not self.refused and (path / "pruned").exists():
                self.refused = True
                raise OSError(errno.EIO, "refused")
            super().fsync(fd)

    for nth in itertools.count(60):
        root = tmp_path / str(nth)
        root.mkdir()
        calls = RefusesOnce(root, nth)
        with contextlib.suppress(PowerCut):
            journal = Bench(root).open(calls=calls)
            fill(journal, 15)
            with pytest.raises(StoreFault):
                journal.prune(9, clock_trust="synced")
            fill(journal, 1)
        journal.close()
        left = Bench(calls.survivor(tmp_path / f"{nth}-left", "synced"))
        with left.open() as again:
            assert again.loss is None
        if not calls.fired:
            break
    assert calls.refused
    assert (again.size, again.first_kept) == (18, 9)
