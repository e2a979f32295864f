"""The diary when the owner changes disks: each one's statements are entered, and each of them once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.diaries import box, deleted_journal, diary, identity, kinds, record
from vigil.clock import HandClock
from vigil.processes.diary import Diary
from vigil.processes.place import Place
from vigil.store.check import check_store, nothing_told
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.index import Index, index_path
from vigil.store.ingest import new_statements
from vigil.store.journal_read import read_logs
from vigil.store.layout import cameras_in, segments_of
from vigil.store.marker import store_of
from vigil.store.verify_log import ask_journal


@dataclass
class Disks:
    """Disks that can be put in where the recordings go."""

    place: Place

    def take_out(self, name: str) -> None:
        self.place.video.rename(self.place.data / name)

    def put_in(self, name: str) -> None:
        (self.place.data / name).rename(self.place.video)

    def id(self, name: str) -> str:
        return store_of(Disk(), self.place.data / name)


@pytest.fixture
def place(tmp_path) -> Place:
    return box(tmp_path)


@pytest.fixture
def disks(place) -> Disks:
    return Disks(place)


def stated(video: Path) -> list[tuple[str, str, int, int]]:
    """All that the sidecars on a disk say, as entries: store, kind, sidecar and line."""
    store = store_of(Disk(), video)
    assert cameras_in(video)
    return [
        (store, kind, said["stated_in"], said["line"])
        for camera in cameras_in(video)
        for kind, said in new_statements(
            Disk(), video, camera, (0, -1), is_durable=lambda _: True, on_bad=lambda *bad: pytest.fail(str(bad))
        )
    ]


def entered(place: Place) -> list[tuple[str, str, int, int]]:
    return [
        (one.fields["store"], one.kind, one.fields["stated_in"], one.fields["line"])
        for one in read_logs(place.journal)[-1].entries()
        if "line" in one.fields
    ]


def used(place: Place) -> list[str]:
    return [one.fields["store"] for one in read_logs(place.journal)[-1].entries() if one.kind == "store.used"]


@dataclass
class Years:
    """A diary through which the disks go; `stays` says that guard runs all the while."""

    place: Place
    clock: HandClock
    stays: bool
    diary: Diary

    def look(self) -> int:
        """Take in what there is; return how many entries were made."""
        made = self.diary.take_in()
        if not self.stays:
            self.diary.close()
            self.diary = diary(self.place, self.clock)
        return made


@pytest.mark.parametrize("stays", [True, False])
def test_a_new_disk_is_entered_from_its_first_line_and_the_old_one_not_twice(place, disks, stays):
    clock = HandClock()
    record(place.video, clock, range(250)).close("stopped")
    years = Years(place, clock, stays, diary(place, clock))
    assert years.look()
    disks.take_out("old")
    assert years.look() == 0, "nothing is there"
    record(place.video, clock, range(300, 350)).close("stopped")
    assert years.look()
    disks.take_out("new")
    disks.put_in("old")
    assert years.look() == 0, "what it says was entered long ago"
    record(place.video, clock, range(400, 450)).close("stopped")
    assert years.look()
    disks.take_out("old")
    disks.put_in("new")
    assert years.look() == 0
    years.diary.close()
    disks.take_out("new")

    old, new = (stated(place.data / name) for name in ("old", "new"))
    assert len(new) > 1
    assert sorted(entered(place)) == sorted([*old, *new])
    assert used(place) == [disks.id(name) for name in ("old", "new", "old", "new")]
    for name in ("old", "new"):
        assert check_store(Disk(), place.data / name, told=nothing_told).problems == []
    with Index.open(index_path(place.state)) as index:
        index.rebuild(place.journal)
        for name in ("old", "new"):
            known = {row.seq for row in index.segments("gate", 0, 1 << 62, store=disks.id(name))}
            assert known == {one.seq for one in segments_of(place.data / name / "gate")}


def hold(video: Path, why: str) -> None:
    assert Holds(Disk(), video / "gate").place(segments_of(video / "gate")[0], who="me", why=why, at_us=1)


def held(place: Place) -> list[tuple[str, str]]:
    entries = read_logs(place.journal)[-1].entries()
    return [(one.fields["store"], one.fields["why"]) for one in entries if one.kind == "segment.kept"]


def test_holds_are_entered_once_whichever_disk_is_in(place, disks):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    hold(place.video, "the bicycle")
    open_diary = diary(place, clock)
    open_diary.take_in()
    disks.take_out("old")
    record(place.video, clock, range(50)).close("stopped")
    hold(place.video, "a cat")
    open_diary.take_in()
    disks.take_out("new")
    disks.put_in("old")
    open_diary.take_in()
    open_diary.close()
    again = diary(place, clock)
    again.take_in()
    again.close()
    disks.take_out("old")

    assert held(place) == [(disks.id("old"), "the bicycle"), (disks.id("new"), "a cat")]
    with Index.open(index_path(place.state)) as index:
        rows = [index.segment("gate", 1, store=disks.id(name)) for name in ("old", "new")]
        assert [row and row.kept for row in rows] == [True, True]


class Older(Diary):
    """A guard of before stores were named."""

    def _use(self, store: str) -> None:
        self._store = store

    def _marked(self, happened):
        kind, fields = super()._marked(happened)
        return kind, {key: value for key, value in fields.items() if key != "store"}


def test_a_journal_of_before_stores_were_named_goes_on_and_nothing_is_entered_twice(place, disks, monkeypatch):
    clock = HandClock()
    record(place.video, clock, range(150)).close("stopped")
    hold(place.video, "the bicycle")
    monkeypatch.setattr("fakes.diaries.Diary", Older)
    older = diary(place, clock)
    assert older.take_in() > 3
    older.close()
    assert "store.used" not in kinds(place)
    monkeypatch.undo()

    now = diary(place, clock)
    now.happened("session.certified", now._vouched_fields())
    assert now.take_in() == 0
    record(place.video, clock, range(200, 250)).close("stopped")
    assert now.take_in()
    disks.take_out("old")
    record(place.video, clock, range(50)).close("stopped")
    assert now.take_in()
    now.close()

    assert used(place) == [disks.id("old"), disks.id("video")]
    lines = [
        (one.fields.get("store", disks.id("old")), one.kind, one.fields["stated_in"], one.fields["line"])
        for one in read_logs(place.journal)[-1].entries()
        if "line" in one.fields
    ]
    assert sorted(lines) == sorted([*stated(place.data / "old"), *stated(place.video)])
    asked = ask_journal(Disk(), place.journal, identity().key, [], store=disks.id("old"))
    assert asked.troubles == []
    assert asked.known
    assert asked.known.expected("gate") == [one.seq for one in segments_of(place.data / "old/gate")]


def test_when_words_are_dropped_it_is_still_known_which_disk_is_in_and_what_was_held(place, disks):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    hold(place.video, "the bicycle")
    open_diary = diary(place, clock)
    open_diary.take_in()
    clock.sleep(86_400)
    disks.take_out("old")
    record(place.video, clock, range(50)).close("stopped")
    open_diary.take_in()
    clock.sleep(5 * 86_400)
    open_diary.happened("fault.raised", {"what": "x", "why": "y"})
    open_diary.prune(clock.wall_us() - 86_400_000_000)
    open_diary.close()
    assert disks.id("old") not in {one.fields.get("store") for one in read_logs(place.journal)[-1].entries()}
    for path in place.state.glob("index-*"):
        path.unlink()

    again = diary(place, clock)
    assert again.take_in() == 0
    disks.take_out("new")
    disks.put_in("old")
    assert again.take_in() > 2, "nothing was known of it any more"
    again.close()
    assert used(place)[-2:] == [disks.id("new"), disks.id("video")]
    assert held(place) == [(disks.id("video"), "the bicycle")]


def test_nothing_is_taken_in_from_a_disk_that_is_not_ours(place, disks):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    place.store_id.write_text("0" * 32 + "\n")
    open_diary = diary(place, clock)
    assert open_diary.take_in() == 0
    place.store_id.write_text(disks.id("video") + "\n")
    assert open_diary.take_in()
    (place.video / ".vigil-store").unlink()
    record(place.data / "elsewhere", clock, range(50)).close("stopped")
    assert open_diary.take_in() == 0
    open_diary.close()


def test_what_was_read_from_a_disk_that_is_changed_meanwhile_is_not_entered(place, disks, monkeypatch):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    open_diary = diary(place, clock)
    mine = disks.id("video")
    looks = iter([mine, "f" * 32])
    with monkeypatch.context() as patched:
        patched.setattr(open_diary, "_store_here", lambda: next(looks))
        assert open_diary.take_in() == 0
    assert entered(place) == []

    assert open_diary.take_in() == len(stated(place.video))
    open_diary.close()


def test_a_new_log_begins_with_the_disk_that_is_in(place, disks):
    clock = HandClock()
    record(place.video, clock, range(50)).close("stopped")
    first = diary(place, clock)
    first.take_in()
    first.checkpoint_if_due(clock.steady_us())
    first.close()
    deleted_journal(place)
    second = diary(place, clock)
    second.take_in()
    second.close()

    assert used(place) == [disks.id("video")]
    assert entered(place) == stated(place.video)


@pytest.mark.parametrize("changed", ["marker of nobody", "no marker"])
def test_a_store_that_the_journal_does_not_know_is_vouched_for_in_nothing(place, disks, changed):
    """Else whoever takes segments away would only have to change the marker, which nobody signs."""
    clock = HandClock()
    open_diary = diary(place, clock)
    for name in ("old", "new"):
        record(place.video, clock, range(250)).close("stopped")
        open_diary.take_in()
        disks.take_out(name)
    open_diary.close()

    def asked(store):
        return ask_journal(Disk(), place.journal, identity().key, [], store=store)

    for name in ("old", "new"):
        found = asked(disks.id(name))
        assert found.troubles == []
        assert found.known.expected("gate") == [one.seq for one in segments_of(place.data / name / "gate")]
    found = asked("f" * 32 if changed == "marker of nobody" else "")
    assert len(found.troubles) == 1
    assert not found.known.whole
    loose = asked(None)
    assert (loose.troubles, len(loose.known.others)) == ([], 2)
    assert "2 disks" in loose.notes[-1]
