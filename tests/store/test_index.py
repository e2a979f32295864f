"""The index answers from the journal alone, and can be thrown away at any time."""

import sqlite3

import pytest

from fakes.journals import Bench, S, deletion, segment_story, tell
from vigil.errors import JournalError
from vigil.store.entry import Entry
from vigil.store.index import Index, discard
from vigil.store.index_read import GapRow
from vigil.store.journal_read import LogReader


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def index(tmp_path):
    with Index.open(tmp_path / "index.sqlite") as opened:
        yield opened


def content(index):
    """Everything that the index holds, but the order in which logs were met."""
    tables = ("logs", "entries", "segments", "gaps", "cursors")
    return {table: index._ask(f"select * from {table} order by 1, 2") for table in tables}


def test_segments_are_found_by_the_time_they_touch(bench, index):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(5)))
        tell(journal, segment_story("door", 5, begins_s=300, ends=None), segment_story("yard", 0, begins_s=0))
        index.catch_up(bench.directory)

    assert [row.seq for row in index.segments("door", 70 * S, 180 * S)] == [1, 2]
    assert [row.seq for row in index.segments("door", 0, 1 * S)] == [0]
    assert [(row.seq, row.state) for row in index.segments("door", 299 * S, 9000 * S)] == [(4, "sealed"), (5, "opened")]
    row = index.segment("door", 3)
    assert (row.path, row.started_us, row.ended_us, row.size_bytes) == ("door/3.mp4.age", 180 * S, 240 * S, 1003)
    assert (row.sha256, row.frames, row.state, row.kept) == ("ab" * 32, 900, "sealed", False)
    assert index.segment("door", 77) is None
    assert index.cameras() == ["door", "yard"]


def test_the_oldest_are_the_lowest_numbers_whatever_their_clocks_said(bench, index):
    with bench.open() as journal:
        for number, begins_s in enumerate((9000, 60, 5000, 120)):
            tell(journal, segment_story("door", number, begins_s=begins_s, ends="segment.recovered"))
        tell(journal, [("segment.kept", {"camera": "door", "segment": 1})])
        tell(journal, deletion(0, by=3, line=11))
        index.catch_up(bench.directory)
        assert [row.seq for row in index.oldest("door", count=9)] == [2, 3]
        tell(journal, [("segment.released", {"camera": "door", "segment": 1})])
        index.catch_up(bench.directory)

    assert [row.seq for row in index.oldest("door")] == [1]
    assert index.segment("door", 0).reason == "old"
    assert [row.seq for row in index.segments("door", 0, 9999 * S)] == [1, 2, 3]
    assert [row.seq for row in index.segments("door", 0, 9999 * S, deleted=True)] == [0, 1, 2, 3]


def test_a_hold_that_was_entered_before_its_segment_binds_and_none_brings_a_deleted_one_back(bench, index):
    held = {"camera": "door", "segment": 1}
    with bench.open() as journal:
        tell(journal, [("segment.released", held), ("segment.kept", held)])
        index.catch_up(bench.directory)
        assert index.segment("door", 1) is None
        tell(journal, segment_story("door", 1, begins_s=0))
        index.catch_up(bench.directory)
        assert index.segment("door", 1).kept
        tell(journal, [("segment.deleted", {**held, "reason": "old"}), ("segment.kept", held)])
        index.catch_up(bench.directory)

    row = index.segment("door", 1)
    assert (row.state, row.kept) == ("deleted", False)


def test_cursors_say_how_far_each_sidecar_was_taken_in(bench, index):
    with bench.open() as journal:
        tell(journal, segment_story("door", 7, begins_s=0), segment_story("yard", 2, begins_s=0, ends=None))
        index.catch_up(bench.directory)
        assert index.cursors() == {"door": (7, 9), "yard": (2, 5)}
        tell(journal, [("motion.began", {"camera": "door", "segment": 6, "line": 50})])
        tell(journal, [("gap", {"camera": "door", "from_us": 1, "why": "lost"})])
        index.catch_up(bench.directory)

    assert index.cursors() == {"door": (7, 9), "yard": (2, 5)}
    assert index.cursors("0" * 16) == {}


def test_events_come_in_the_order_of_the_log_page_by_page(bench, index):
    with bench.open() as journal:
        for number in range(10):
            tell(journal, segment_story("door" if number % 2 else "yard", number, begins_s=60 * number))
            bench.clock.step(-3600)
        log_id = journal.log_id
        index.catch_up(bench.directory)

    seen, after = [], None
    while page := index.events(after=after, limit=7):
        seen += [row.seq for row in page]
        after = page[-1].log_id, page[-1].seq
    assert seen == list(range(41))
    assert len(index.events(kinds=["motion"])) == 20
    assert {row.kind for row in index.events(kinds=["motion.ended", "journal"])} == {"motion.ended", "journal.opened"}
    assert {row.fields["camera"] for row in index.events(camera="yard")} == {"yard"}
    late = index.events(from_us=index.events(after=(log_id, 4))[0].at_us, kinds=["segment.opened"])
    assert [row.seq for row in late] == [1, 5]
    assert index.events(to_us=1) == []


def test_a_gap_that_lasts_ends_when_it_is_said(bench, index):
    with bench.open() as journal:
        tell(journal, [("gap", {"camera": "door", "from_us": 10 * S, "why": "camera lost"})])
        index.catch_up(bench.directory)
        assert index.gaps("door", 500 * S, 600 * S) == [GapRow("door", 10 * S, None, "camera lost")]
        tell(journal, [("gap", {"camera": "door", "from_us": 10 * S, "to_us": 20 * S, "why": "camera lost"})])
        index.catch_up(bench.directory)

    assert index.gaps("door", 0, 600 * S) == [GapRow("door", 10 * S, 20 * S, "camera lost")]
    assert index.gaps("door", 20 * S, 600 * S) == []


def test_taking_in_again_changes_nothing(bench, index):
    with bench.open() as journal:
        entries = tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(5)))
    assert index.catch_up(bench.directory) == 21
    before = content(index)

    assert index.apply(entries) == 0
    assert index.catch_up(bench.directory) == 0
    assert content(index) == before


def test_an_entry_before_its_time_is_refused_and_nothing_of_its_batch_stays(bench, index):
    with bench.open() as journal:
        entries = tell(journal, segment_story("door", 0, begins_s=0))
        index.catch_up(bench.directory)
        more = tell(journal, segment_story("door", 1, begins_s=60))
    before = content(index)

    with pytest.raises(JournalError, match="came before"):
        index.apply([more[0], more[2]])
    assert content(index) == before
    assert index.apply(entries + more) == 4


def test_rebuilding_gives_the_same_index(bench, index):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(30)))
        index.catch_up(bench.directory)
        tell(journal, deletion(3, by=29, line=12))
        index.catch_up(bench.directory)
    before = content(index)

    assert index.rebuild(bench.directory) == 122
    assert content(index) == before


def test_what_is_entered_again_after_a_loss_is_the_same_segment(bench, index):
    with bench.open() as journal:
        tell(journal, segment_story("door", 0, begins_s=0), segment_story("door", 1, begins_s=60))
        tell(journal, deletion(0, by=1, line=10))
        old = journal.log_id
        index.catch_up(bench.directory)
    (journal.directory / "checkpoints").unlink()
    with bench.open() as journal:
        index.catch_up(bench.directory)
        assert index.cursors() == {}
        assert index.cursors(old) == {"door": (1, 10)}
        story = [
            (kind, {**fields, "recovered": True})
            for number in (0, 1)
            for kind, fields in segment_story("door", number, begins_s=60 * number)
        ]
        tell(journal, story)
        index.catch_up(bench.directory)

    assert index.newest_log() == journal.log_id
    assert list(index.applied()) == [old, journal.log_id]
    assert [(row.seq, row.state) for row in index.segments("door", 0, 999 * S, deleted=True)] == [
        (0, "deleted"),
        (1, "sealed"),
    ]
    assert index.cursors() == {"door": (1, 9)}


def test_a_damaged_old_log_is_indexed_as_far_as_it_can_be_read(bench, index):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(3)))
        journal.checkpoint()
    path = journal.directory / "entries/00000000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]) + b"rubbish\n" + b"".join(lines[7:-1]))
    with bench.open() as later:
        assert later.began
        assert index.catch_up(bench.directory) == 7
        assert index.catch_up(bench.directory) == 0
    assert index.applied() == {journal.log_id: 6, later.log_id: 1}


def test_bodies_that_the_journal_forgot_are_forgotten_here_too(bench, index):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(3)))
        tell(journal, deletion(0, by=2, line=12))
        index.catch_up(bench.directory)
        journal.prune(5, clock_trust="synced")
        assert index.catch_up(bench.directory) == 1
        assert [row.seq for row in index.events()] == list(range(5, 15))
        assert index.segment("door", 0).state == "deleted"
        tell(journal, segment_story("door", 3, begins_s=180))
        journal.prune(17, clock_trust="synced")
    assert index.catch_up(bench.directory) == 3
    assert [row.seq for row in index.events()] == [17, 18, 19]
    assert [row.seq for row in index.segments("door", 0, 999 * S, deleted=True)] == [1, 2, 3]


def test_an_index_of_another_past_is_made_again(bench, index, tmp_path):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(3)))
    index.catch_up(bench.directory)
    other = Bench(tmp_path / "other", seed="other")
    with other.open() as journal:
        tell(journal, segment_story("yard", 0, begins_s=0))
        index.catch_up(other.directory)
        assert index.cameras() == ["yard"]
        # The same log, put back to an older copy of itself and continued otherwise.
        index._db.execute("update logs set last_leaf = ?", (bytes(32),))
        index._db.execute("delete from segments")
        index.catch_up(other.directory)

    assert index.cameras() == ["yard"]


def test_entries_that_make_no_sense_are_kept_and_change_nothing_else(bench, index):
    with bench.open() as journal:
        odd = [
            ("segment.sealed", {"camera": 7, "segment": 1}),
            ("segment.opened", {"camera": "door", "segment": -1, "line": 0}),
            ("segment.opened", {"camera": "door", "segment": "1"}),
            ("gap", {"camera": "door"}),
            ("journal.pruned", {"before": "all"}),
            ("something.new", {"camera": "door", "segment": True, "more": [{}]}),
        ]
        tell(journal, odd)
        index.catch_up(bench.directory)
    assert len(index.events()) == 7
    assert index.cameras() == []
    assert index.cursors() == {}


def test_an_entry_need_not_come_from_a_file(index):
    entry = Entry("f" * 16, 3, 5, "synced", "motion.began", {"camera": "door"}, b"line")
    assert index.apply([entry]) == 1
    assert index.applied() == {"f" * 16: 4}
    discard(index.path)


def test_the_journal_and_the_index_tell_the_same(bench, index):
    with bench.open() as journal:
        tell(journal, *(segment_story("door", n, begins_s=60 * n) for n in range(9)))
        index.catch_up(bench.directory)
        told = [(entry.seq, entry.kind, dict(entry.fields)) for entry in LogReader(journal.directory).entries()]
    assert [(row.seq, row.kind, row.fields) for row in index.events()] == told
    with sqlite3.connect(index.path) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
