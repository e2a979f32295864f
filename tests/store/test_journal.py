"""The journal keeps what it acknowledged, whatever the disk does, and never tells two stories."""

import contextlib
import errno
import itertools
import random
import shutil

import pytest

from fakes.faulty import CutCalls, FaultyCalls, PowerCut
from fakes.journals import DEVICE, Bench, fill, happened, signer_of
from vigil.errors import FormatError, JournalError, LogDamaged, StoreFault
from vigil.segments.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from vigil.store import journal as journal_module
from vigil.store import journal_check, journal_read, log_files, log_prune, merkle, standing
from vigil.store.journal_check import check_journal, check_log
from vigil.store.journal_read import LogReader, read_logs
from vigil.store.log_files import log_id_of


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def small_files(monkeypatch):
    """Eight entries to a file, so that a test need not write 65,536 to see the next one begun."""
    for module in (log_files, standing, log_prune, journal_module, journal_read, journal_check):
        monkeypatch.setattr(module, "PER_FILE", 8)


def clean(bench, outside=()):
    """Assert that a stranger finds nothing wrong; return the verdict on the newest log."""
    verdicts = check_journal(bench.directory, [bench.signer.key], outside)
    assert [verdict.problems for verdict in verdicts] == [[] for _ in verdicts]
    return verdicts[-1]


def first_entry(journal):
    return next(LogReader(journal.directory).entries())


def test_an_entry_is_on_the_disk_when_append_returns(bench):
    with bench.open() as journal:
        entry = journal.append("clock.stepped", {"step_us": -5}, clock_trust="stepped")

        lines = (journal.directory / "entries/00000000.jsonl").read_bytes().split(b"\n")
        assert lines[1] == entry.line
        assert entry.seq == 1
        assert journal.size == 2


def test_a_journal_goes_on_where_it_was_closed(bench):
    with bench.open() as journal:
        assert journal.began
        assert journal.loss is None
        fill(journal, 300, every=7)
        size, root, log_id = journal.size, journal.root, journal.log_id
    with bench.open() as journal:
        assert (journal.size, journal.root, journal.log_id) == (size, root, log_id)
        assert not journal.began
        fill(journal, 5)
        assert clean(bench).size == size + 5


def test_a_batch_costs_one_sync(bench):
    calls = FaultyCalls(0, only={"fdatasync"})
    with bench.open(calls=calls) as journal:
        before = calls.seen
        entries = journal.append_many([happened(n) for n in range(50)], clock_trust="synced")

        assert calls.seen == before + 1
        assert [entry.seq for entry in entries] == list(range(1, 51))
        assert journal.append_many([], clock_trust="synced") == []


def test_a_checkpoint_is_made_only_when_something_was_added(bench):
    with bench.open() as journal:
        assert journal.checkpoint() is None
        fill(journal, 3)
        note = journal.checkpoint()
        assert journal.checkpoint() is None

        assert open_checkpoint(note, [bench.signer.key]) == Checkpoint(journal.origin, 4, journal.root)
        assert LogReader(journal.directory).notes()[-1] == note


def test_proofs_of_the_open_journal_verify(bench):
    with bench.open() as journal:
        entries = fill(journal, 700)
        old = peek_checkpoint(journal.checkpoint())
        entries += fill(journal, 100)

        for entry in (entries[0], entries[350], entries[-1]):
            proof = journal.inclusion(entry.seq)
            merkle.verify_inclusion(merkle.leaf_hash(entry.line), entry.seq, journal.size, proof, journal.root)
        proof = journal.consistency(old.size)
        merkle.verify_consistency(old.size, journal.size, old.root, journal.root, proof)
        with pytest.raises(ValueError, match="has 801 entries"):
            journal.inclusion(0, 802)


def test_what_cannot_be_an_entry_is_refused_and_nothing_is_written(bench):
    with bench.open() as journal:
        for kind, fields, trust in [
            ("Motion", {}, "synced"),
            ("motion", {"seq": 4}, "synced"),
            ("motion", {"area": 0.5}, "synced"),
            ("motion", {}, "believed"),
            ("motion", {"text": "x" * 70_000}, "synced"),
        ]:
            with pytest.raises(FormatError):
                journal.append_many([happened(1), (kind, fields)], clock_trust=trust)
        assert journal.size == 1
        fill(journal, 1)
    assert clean(bench).size == 2


def test_only_one_process_writes(bench):
    with bench.open() as journal, pytest.raises(JournalError, match="another process"):
        bench.open()
    with pytest.raises(JournalError, match="closed"):
        journal.append("gap", {}, clock_trust="synced")
    bench.open().close()


def test_the_next_file_begins_when_one_is_full(bench, small_files):
    with bench.open() as journal:
        fill(journal, 15)
        assert journal.size == 16
    with bench.open() as journal:
        journal.append_many([happened(n) for n in range(20)], clock_trust="synced")
        journal.checkpoint()

        assert LogReader(journal.directory).files.entry_numbers() == [0, 1, 2, 3, 4]
        assert [entry.seq for entry in LogReader(journal.directory).entries(5)] == list(range(5, 36))
    with bench.open() as journal:
        assert journal.size == 36
    clean(bench)


# ---- after a cut


def test_a_torn_line_was_never_acknowledged_and_goes(bench):
    with bench.open() as journal:
        fill(journal, 5)
        path = journal.directory / "entries/00000000.jsonl"
        whole = path.read_bytes()
    for torn in (b'{"at_us":17', b"\x00" * 700, b'{"at_us":17\n\x00\x00\n'):
        path.write_bytes(whole + torn)
        with bench.open() as journal:
            assert not journal.began
            assert journal.size == 6
        assert path.read_bytes() == whole
        clean(bench)


def test_hashes_that_are_missing_are_made_again(bench):
    with bench.open() as journal:
        fill(journal, 600)
        journal.checkpoint()
        fill(journal, 3)
        root = journal.root
        files = sorted(path for path in (journal.directory / "tiles").rglob("*") if path.is_file())
    assert len(files) == 2
    for path, keep in itertools.product(files, (0, 31, 33, 5000)):
        whole = path.read_bytes()
        path.write_bytes(whole[:keep])
        with bench.open() as journal:
            assert not journal.began
            assert journal.root == root
        assert path.read_bytes() == whole
    shutil.rmtree(files[0].parents[1])
    with bench.open() as journal:
        assert journal.root == root
    assert all(path.is_file() for path in files)
    clean(bench)


def test_a_torn_checkpoint_was_never_handed_out_and_goes(bench):
    with bench.open() as journal:
        fill(journal, 4, every=2)
        path = journal.directory / "checkpoints"
        whole = path.read_bytes()
    for keep in range(len(whole) // 3, len(whole), 17):
        path.write_bytes(whole[:keep])
        with bench.open() as journal:
            assert not journal.began
            assert journal.size == 5
        assert whole.startswith(path.read_bytes())
    clean(bench)


# ---- after a loss


def lose_last_line(log):
    path = log / "entries/00000000.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def lose_entries(log):
    (log / "entries/00000000.jsonl").unlink()


def edit_after_checkpoint(log):
    path = log / "entries/00000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"line":1,"salt"', b'"line":3,"salt"'))


def spoil_a_line_between(log):
    path = log / "entries/00000000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], b"x" + lines[-2][1:], lines[-1]]))


def spoil_a_line_between_whose_hash_was_not_synced(log):
    spoil_a_line_between(log)
    tile = log / "tiles/0/00000000"
    tile.write_bytes(tile.read_bytes()[: 5 * 32])


def lose_checkpoints(log):
    (log / "checkpoints").unlink()


def lose_origin(log):
    (log / "origin").unlink()


def spoil_origin(log):
    (log / "origin").write_text("vigil/somebody/else\n")


def lose_log(log):
    shutil.rmtree(log)


@pytest.mark.parametrize(
    "damage",
    [
        lose_last_line,
        lose_entries,
        edit_after_checkpoint,
        spoil_a_line_between,
        spoil_a_line_between_whose_hash_was_not_synced,
        lose_checkpoints,
        lose_origin,
        spoil_origin,
    ],
)
def test_after_a_loss_a_new_log_names_it_and_the_old_one_is_left_alone(bench, damage):
    with bench.open() as journal:
        fill(journal, 4)
        note = journal.checkpoint()
        fill(journal, 4)
        old = journal.directory
    damage(old)
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}

    with bench.open(floor=peek_checkpoint(note)) as journal:
        assert journal.began
        assert journal.loss
        assert journal.directory != old
        opened = first_entry(journal)
        assert opened.kind == "journal.opened"
        assert opened.fields["loss"] == journal.loss
        assert opened.fields["follows"] == [old.name]
        assert {"origin": peek_checkpoint(note).origin, "size": 5} == {
            key: opened.fields["known"][-1][key] for key in ("origin", "size")
        }
        fill(journal, 3)
        size = journal.size
    assert {path: path.read_bytes() for path in before} == before
    assert (old / "closed").read_text() == f"{journal.log_id}\n"
    with bench.open(floor=peek_checkpoint(note)) as journal:
        assert not journal.began
        assert journal.size == size
    assert check_log(journal.directory, [bench.signer.key]).ok


def test_a_log_that_is_gone_is_never_made_again(bench):
    with bench.open() as journal:
        fill(journal, 4)
        floor = peek_checkpoint(journal.checkpoint())
        old = journal.directory
    lose_log(old)
    with bench.open(floor=floor) as journal:
        assert journal.origin != floor.origin
        assert "gone" in journal.loss
        assert first_entry(journal).fields["known"][0]["size"] == 5
    # The same old checkpoint may be handed in until a newer one has reached its keeper.
    with bench.open(floor=floor) as journal:
        assert not journal.began


def test_a_log_rolled_back_to_an_older_copy_of_itself_is_not_gone_on_with(bench, tmp_path):
    with bench.open() as journal:
        fill(journal, 4, every=4)
        old = journal.directory
    shutil.copytree(old, tmp_path / "copy")
    with bench.open() as journal:
        fill(journal, 4, every=4)
        floor = journal.newest_checkpoint
    shutil.rmtree(old)
    shutil.copytree(tmp_path / "copy", old)

    with bench.open(floor=floor) as journal:
        assert journal.began
        assert journal.loss == "9 entries were known elsewhere, and 5 are here"


def test_a_log_with_another_past_than_somebody_knows_is_not_gone_on_with(bench, tmp_path):
    with bench.open() as journal:
        fill(journal, 4, every=4)
        old = journal.directory
    shutil.copytree(old, tmp_path / "copy")
    with bench.open() as journal:
        fill(journal, 4, every=4)
        floor = journal.newest_checkpoint
    shutil.rmtree(old)
    shutil.copytree(tmp_path / "copy", old)
    with bench.open() as journal:
        fill(journal, 6, every=3)

    for floor_known in (floor, floor):
        with bench.open(floor=floor_known) as journal:
            assert journal.log_id != old.name
    assert "not those that were known elsewhere" in first_entry(journal).fields["loss"]


def test_a_checkpoint_of_another_box_or_of_an_older_log_changes_nothing(bench):
    with bench.open() as journal:
        fill(journal, 4, every=2)
        older = journal.newest_checkpoint
    with bench.open(floor=Checkpoint("vigil/another/77", 99, bytes(32))) as journal:
        assert not journal.began
    lose_last_line(journal.directory)
    with bench.open() as journal:
        assert journal.began
    with bench.open(floor=older) as journal:
        assert not journal.began


def test_when_the_newest_log_is_gone_the_one_before_is_not_gone_on_with(bench):
    with bench.open() as journal:
        fill(journal, 4)
    lose_last_line(journal.directory)
    with bench.open() as journal:
        newest = journal.directory
    lose_log(newest)
    with bench.open() as journal:
        assert journal.loss == "the newest log is gone"
    assert len(read_logs(bench.directory)) == 2


# ---- forgetting


@pytest.mark.parametrize("before", [1, 3, 8, 9, 16, 17, 30])
def test_bodies_before_a_number_go_and_proofs_stay(bench, small_files, before):
    with bench.open() as journal:
        entries = fill(journal, 30, every=5)
        journal.prune(before, clock_trust="synced")
        journal.prune(before, clock_trust="synced")

        assert journal.size == 32
        assert journal.first_kept == before
        kept = [entry.seq for entry in LogReader(journal.directory).entries()]
        assert kept == list(range(before, 32))
        proof = journal.inclusion(1)
        merkle.verify_inclusion(merkle.leaf_hash(entries[0].line), 1, 32, proof, journal.root)
        fill(journal, 10)
    with bench.open() as journal:
        assert journal.size == 42
        assert journal.first_kept == before
        journal.prune(before + 1, clock_trust="synced")
        journal.checkpoint()
    verdict = clean(bench)
    assert verdict.unseen == before + 1
    assert verdict.signed.size == 43


def test_what_is_not_there_cannot_be_forgotten(bench):
    with bench.open() as journal, pytest.raises(ValueError, match="has 1 entries, not 2"):
        journal.prune(2, clock_trust="synced")


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


@pytest.mark.parametrize("mode", ["EIO", "ENOSPC", "short"])
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
    lose_last_line(journal.directory)
    calls.nth = calls.seen + 1
    with pytest.raises(StoreFault):
        fill(journal, 1)
    with pytest.raises(LogDamaged):
        fill(journal, 1)
    journal.close()
    with bench.open() as journal:
        assert journal.began


# ---- the power goes


@pytest.mark.parametrize("left", ["synced", "written", "between"])
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
    assert reader.root_at(301) == journal.root == reader.newest_checkpoint().root


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


def test_the_name_of_a_log_is_that_of_its_origin(bench):
    with bench.open() as journal:
        assert journal.origin.startswith(f"vigil/{DEVICE}/")
        assert journal.directory.name == journal.log_id == log_id_of(journal.origin)


def test_checkpoints_of_an_earlier_session_key_are_no_hindrance(bench):
    with bench.open() as journal:
        fill(journal, 3, every=3)
    first, bench.signer = bench.signer, signer_of("guard after a restart")
    with bench.open() as journal:
        assert not journal.began
        fill(journal, 3, every=3)
    assert check_log(journal.directory, [first.key, bench.signer.key]).checkpoints == 3
    assert not check_log(journal.directory, [bench.signer.key]).ok
