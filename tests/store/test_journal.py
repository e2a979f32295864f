"""The journal keeps what it acknowledged, and forgets on purpose only."""

import base64

import pytest

from fakes.faulty import FaultyCalls
from fakes.journals import DEVICE, Bench, clean, fill, happened, shrink_files, signer_of
from vigil.errors import FormatError, JournalError
from vigil.segments.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from vigil.segments.note import NoteKey
from vigil.store import merkle
from vigil.store.journal_check import check_log
from vigil.store.journal_read import LogReader
from vigil.store.log_files import log_id_of


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def small_files(monkeypatch):
    shrink_files(monkeypatch)


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


def test_the_certificates_of_checkpoints_that_stay_are_kept(bench):
    sessions = [signer_of(f"session {number}") for number in range(4)]
    for session in sessions:
        bench.signer = session
        with bench.open() as journal:
            said = {"session": base64.b64encode(session.key.public).decode(), "cert": f"by {session.key.text()}"}
            journal.append("session.certified", said, clock_trust="synced")
            fill(journal, 6, every=3)
            size = journal.size
    with bench.open() as journal:
        journal.prune(size - 1, clock_trust="synced")
    kept = [entry.fields for entry in LogReader(journal.directory).entries() if entry.kind == "session.certified"]

    assert [each["cert"] for each in kept] == [f"by {sessions[3].key.text()}"]
    keys = [NoteKey(bench.signer.key.name, base64.b64decode(each["session"])) for each in kept]
    assert check_log(journal.directory, keys).ok
