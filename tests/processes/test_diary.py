"""The diary: what recorders state becomes entries, once; and the words of old ones may go."""

from __future__ import annotations

import os

import pytest

from fakes.diaries import box, deleted_journal, diary, identity, kinds, record
from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.errors import StoreFault
from vigil.processes.diary import Diary
from vigil.processes.place import Place
from vigil.segments.session import Session
from vigil.store.disk import Disk
from vigil.store.index import index_path
from vigil.store.journal_read import read_logs
from vigil.store.marker import make_store
from vigil.store.verify_log import ask_journal


@pytest.fixture
def place(tmp_path) -> Place:
    return box(tmp_path)


def test_each_statement_is_entered_once_however_often_it_is_looked_at(place):
    clock = HandClock()
    made = record(place.video, clock, range(150))
    open_diary = diary(place, clock)
    open_diary.take_in()
    made.say("motion", state="began", area_pm=4)
    open_diary.take_in()
    made.delete(1, "too old")
    made.close("stopped")
    for _ in range(3):
        open_diary.take_in()
    open_diary.close()
    again = diary(place, clock)
    assert again.take_in() == 0
    again.close()

    found = kinds(place)
    assert [k for k in found if k.startswith(("segment", "motion"))] == [
        "segment.opened", "segment.sealed", "segment.opened", "motion.began", "segment.deleted", "segment.sealed",
    ]  # fmt: skip


def test_a_journal_that_was_rolled_back_is_found_out_by_what_the_video_disk_remembers(place, tmp_path):
    clock = HandClock()
    first = diary(place, clock)
    first.happened("fault.raised", {"what": "x", "why": "y"})
    first.close()
    old = {path: path.read_bytes() for path in place.journal.rglob("*") if path.is_file()}
    record(place.video, clock, range(20)).close("stopped")
    second = diary(place, clock)
    second.take_in()
    assert second.checkpoint_if_due(clock.steady_us())
    second.close()
    for path, data in old.items():
        path.write_bytes(data)

    third = diary(place, clock)
    third.take_in()
    third.close()

    logs = read_logs(place.journal)
    assert len(logs) == 2, "a new log with a new origin, not the old one re-created"
    newest = max(logs, key=lambda log: len(log.identity.follows))
    opened = next(newest.entries())
    assert opened.fields["loss"]
    assert "segment.sealed" in [entry.kind for entry in newest.entries()], "what sidecars prove is entered again"


def test_words_of_old_entries_go_but_not_those_of_segments_that_exist(place):
    clock = HandClock()
    made = record(place.video, clock, range(150))
    open_diary = diary(place, clock)
    for n in range(5):
        open_diary.happened("fault.raised", {"what": "x", "why": str(n)})
    open_diary.take_in()
    clock.sleep(10 * 86_400)
    open_diary.prune(clock.wall_us() - 86_400_000_000)
    kept = kinds(place)
    assert "segment.opened" in kept
    assert "fault.raised" not in kept

    made.delete(1, "too old")
    made.close("stopped")
    open_diary.take_in()
    open_diary.close()
    assert kinds(place)[-1] == "segment.sealed"


def test_when_the_journal_is_gone_a_new_one_names_the_loss_and_what_sidecars_prove_is_marked(place):
    clock = HandClock()
    record(place.video, clock, range(150)).close("stopped")
    first = diary(place, clock)
    first.take_in()
    first.checkpoint_if_due(clock.steady_us())
    size = first.checkpoint_size
    first.close()
    deleted_journal(place)

    clock.sleep(5)
    second = diary(place, clock)
    record(place.video, clock, range(200, 350)).close("stopped")
    second.take_in()
    assert "gone" in second.loss
    second.close()
    # Guard may be killed in the middle of it: what is still to be entered again is marked all the same.
    third = diary(place, clock)
    assert third.loss == second.loss
    third.close()

    opened, *entries = list(read_logs(place.journal)[-1].entries())
    assert [known["size"] for known in opened.fields["known"]] == [size]
    marked = {(e.fields["segment"], e.kind): e.fields.get("recovered", False) for e in entries if "segment" in e.fields}
    assert marked == {
        (1, "segment.opened"): True, (1, "segment.sealed"): True, (2, "segment.opened"): True,
        (2, "segment.sealed"): True, (3, "segment.opened"): False, (3, "segment.sealed"): False,
        (4, "segment.opened"): False, (4, "segment.sealed"): False,
    }  # fmt: skip


def test_what_is_entered_for_the_first_time_is_not_marked(place):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    open_diary = diary(place, clock)
    open_diary.take_in()
    open_diary.close()

    assert open_diary.loss == ""
    assert not [e for e in read_logs(place.journal)[0].entries() if "recovered" in e.fields]


def test_a_checkpoint_that_our_identity_does_not_vouch_for_ends_no_journal(place):
    """Whoever can write to the video disk must not be able to make the box begin log after log."""
    clock = HandClock()
    make_store(Disk(), place.video, os.urandom)
    ours = diary(place, clock)
    ours.happened("fault.raised", {"what": "x", "why": "y"})
    ours.close()
    elsewhere = Place(place.data / "elsewhere")
    elsewhere.state.mkdir(parents=True)
    make_store(Disk(), elsewhere.video, os.urandom)
    forger = diary(elsewhere, clock, signed_by=identity(1))
    forger.happened("fault.raised", {"what": "x", "why": "y"})
    assert forger.checkpoint_if_due(clock.steady_us())
    forger.close()
    (place.video / "last-known").write_bytes((elsewhere.video / "last-known").read_bytes())

    again = diary(place, clock)
    again.close()

    assert again.loss == ""
    assert len(read_logs(place.journal)) == 1


def test_nothing_is_published_to_a_disk_that_is_not_ours(place):
    clock = HandClock()
    place.video.mkdir()
    open_diary = diary(place, clock)
    open_diary.happened("fault.raised", {"what": "x", "why": "y"})
    clock.sleep(61)
    assert open_diary.checkpoint_if_due(clock.steady_us())
    open_diary.close()

    assert list(place.video.iterdir()) == []


def test_a_diary_that_cannot_be_opened_leaves_the_journal_free(place):
    clock = HandClock()
    index = index_path(place.state)
    index.mkdir()
    with pytest.raises(StoreFault):
        diary(place, clock)
    index.rmdir()

    diary(place, clock).close()


def test_closing_on_a_disk_that_refuses_is_quiet_and_frees_the_journal(place):
    clock = HandClock()
    calls = FaultyCalls(0, mode="EROFS", lasting=True)
    open_diary = diary(place, clock, disk=Disk(calls))
    open_diary.happened("fault.raised", {"what": "x", "why": "y"})
    calls.nth, calls.seen = 1, 0
    open_diary.close()

    again = diary(place, clock)
    assert (again.loss, again.size) == ("", 2)
    again.close()


def test_a_guard_that_is_killed_right_after_the_first_log_began_leaves_nothing_unexplained(place):
    clock = HandClock()
    first = diary(place, clock)
    first._journal.close()  # killed: nothing was entered, nothing else was signed
    first._index.close()
    second = diary(place, clock)
    second.happened("fault.raised", {"what": "x", "why": "y"})
    second.close()

    asked = ask_journal(Disk(), place.journal, identity().key, [])
    # The second session signed the end, and nobody entered its certificate here: only the first note must be explained.
    assert not [trouble for trouble in asked.troubles if "checkpoint 0" in trouble]
    assert next(read_logs(place.journal)[0].entries()).fields["cert"]


def test_nothing_is_signed_before_the_identity_vouches_for_the_key(place):
    clock = HandClock()
    diary(place, clock).close()
    session = Session(os.urandom)
    unknown = Diary(
        place, Disk(), clock, session=session, identity=identity().key, checkpoint_s=60, trust="synced", config=Config()
    )
    unknown.happened("fault.raised", {"what": "x", "why": "y"})
    notes = len(read_logs(place.journal)[0].notes())

    assert unknown.checkpoint_if_due(clock.steady_us() + 10**9) is None
    unknown.close()
    assert len(read_logs(place.journal)[0].notes()) == notes
