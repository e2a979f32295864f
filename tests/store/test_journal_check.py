"""What a stranger concludes from a journal: the vectors of docs/spec/journal.md, and every byte that can be changed."""

import json
import random
import shutil
from pathlib import Path

import pytest

from fakes.journal_vectors import CASES, good, write_all
from fakes.journals import Bench, fill
from vigil import errors
from vigil.errors import LogDamaged, LogFork
from vigil.segments.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from vigil.segments.note import NoteKey
from vigil.store.journal_check import check_journal, check_log
from vigil.store.journal_read import LogReader, read_logs

LOGS = Path(__file__).parents[1] / "vectors/journal/logs"
NAMES = sorted(each.name for each in LOGS.iterdir())


def test_there_are_vectors():
    assert set(NAMES) == set(CASES)


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_on_a_vector_is_the_expected_one(name):
    expect = json.loads((LOGS / name / "expect.json").read_text())
    keys = [NoteKey.parse(text) for text in expect["keys"]]
    outside = [open_checkpoint(note, keys) for note in expect["outside"]]
    verdicts = check_journal(LOGS / name / "journal", keys, outside)

    problems = [problem for verdict in verdicts for problem in verdict.problems]
    assert (problems[0].error if problems else "ok") == expect["verdict"]
    assert verdicts[0].first_bad == expect["first_bad"]
    assert verdicts[0].unseen == expect["unseen"]
    anchored = verdicts[0].anchored
    assert (anchored.size if anchored else None) == expect["anchored"]
    if problems:
        with pytest.raises(getattr(errors, expect["verdict"])):
            next(verdict for verdict in verdicts if verdict.problems).raise_first()


def test_the_vectors_come_out_the_same_again(tmp_path):
    write_all(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert made == {path.relative_to(LOGS): path.read_bytes() for path in LOGS.rglob("*") if path.is_file()}


def test_any_changed_byte_is_found(tmp_path):
    bench, log = good(tmp_path)
    held = peek_checkpoint(LogReader(log).notes()[-1])
    dice = random.Random(5)
    for path in (log / "entries/00000000.jsonl", log / "checkpoints", log / "origin", log / "tiles/0/00000000"):
        whole = path.read_bytes()
        for at in {0, len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(60))}:
            if path.name == "checkpoints" and at >= len(whole) - 2:
                continue  # the newest note is then one that was still being written
            spoilt = bytearray(whole)
            spoilt[at] ^= 1 << dice.randrange(8)
            path.write_bytes(spoilt)
            verdicts = check_journal(bench.directory, [bench.signer.key], [held])
            problems = [problem for verdict in verdicts for problem in verdict.problems]
            assert problems, f"byte {at} of {path.name}"
        path.write_bytes(whole)
    assert check_journal(bench.directory, [bench.signer.key], [held])[0].ok


def test_the_first_bad_entry_is_named_among_many(tmp_path):
    bench = Bench(tmp_path)
    with bench.open() as journal:
        fill(journal, 700, every=100)
    path = journal.directory / "entries/00000000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for seq in (333, 500, 501):
        lines[seq] = lines[seq].replace(b'"door"', b'"yard"')
    path.write_bytes(b"".join(lines))
    verdict = check_log(journal.directory, [bench.signer.key])

    assert [problem.seq for problem in verdict.problems] == [333, 500, 501]
    assert verdict.signed
    assert verdict.signed.size == 701
    with pytest.raises(LogDamaged, match="entry 333"):
        verdict.raise_first()


def test_a_heap_of_rubbish_does_not_make_a_heap_of_problems(tmp_path):
    bench, log = good(tmp_path)
    (log / "entries/00000000.jsonl").write_bytes(b"x\n" * 5000)
    verdict = check_log(log, [bench.signer.key])

    assert verdict.first_bad == 0
    assert len(verdict.problems) <= 100


def test_a_reader_hands_out_entries_and_stops_at_the_first_bad_one(tmp_path):
    bench, log = good(tmp_path)
    path = log / "entries/00000000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert [entry.seq for entry in LogReader(log).entries(9)] == [9, 10, 11, 12]
    path.write_bytes(b"".join(lines[:6] + lines[7:]))

    entries = LogReader(log).entries()
    with pytest.raises(LogDamaged, match=r"entry 6"):
        assert [next(entries).seq for _ in range(7)]
    assert bench.directory == log.parent


def test_a_reader_is_confronted_with_checkpoints_from_elsewhere(tmp_path):
    _, log = good(tmp_path)
    reader = LogReader(log)
    held = peek_checkpoint(reader.notes()[-1])
    reader.confront(held)
    reader.confront(Checkpoint(held.origin, 9, reader.root_at(9)))
    for wrong in (
        Checkpoint(held.origin, 14, held.root),
        Checkpoint(held.origin, 9, held.root),
        Checkpoint("vigil/another/1", 13, held.root),
    ):
        with pytest.raises(LogFork):
            reader.confront(wrong)


def test_logs_come_in_the_order_in_which_they_followed(tmp_path):
    bench = Bench(tmp_path)
    ids = []
    for _ in range(4):
        with bench.open() as journal:
            assert journal.began
            ids.append(journal.log_id)
        (journal.directory / "checkpoints").unlink()
    assert [reader.log_id for reader in read_logs(bench.directory)] == ids
    shutil.rmtree(bench.directory)
    assert read_logs(bench.directory) == []
