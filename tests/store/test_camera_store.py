"""One camera's files on disks that are not ours, not there, or have lost something."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fakes.faulty import BadSectors, FaultyCalls
from fakes.recordings import feed, numbered, numbers_in, plaintext_of, recorded, recording
from fakes.verifying import verified
from vigil.clock import HandClock
from vigil.errors import StoreError, StoreFault, WrongStore
from vigil.segments.session import Session
from vigil.segments.sidecar import CHAIN_START, Statement, read_line, read_lines
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.layout import cameras_in, segments_of
from vigil.store.marker import make_store


@pytest.fixture
def video(tmp_path) -> Path:
    make_store(Disk(), tmp_path / "video", os.urandom)
    return tmp_path / "video"


def store_of(video: Path, *, store_id: str | None = None, disk: Disk | None = None) -> CameraStore:
    return CameraStore(
        disk or Disk(), video, "gate", session=Session(os.urandom), clock=HandClock(), boot="boot", store_id=store_id
    )


def said_in(seal: Path) -> list[Statement]:
    return [read_line(line) for line in read_lines(seal.read_bytes())]


def record_some(video: Path, numbers: range, *, disk: Disk | None = None) -> None:
    made, clock = recording(video, disk=disk, segment_s=10)
    made.begin("continuous", [numbered(numbers[0], clock.steady_us())])
    feed(made, clock, numbers[1:])
    made.close("stopped")
    assert made.fault is None


def cut_short(video: Path, numbers: range) -> None:
    """Record, and let the process die: the last segment is unfinished."""
    made, clock = recording(video, segment_s=10)
    made.begin("continuous", [numbered(numbers[0], clock.steady_us())])
    feed(made, clock, numbers[1:])
    made.store.close()


def everything_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_nothing_is_written_where_there_is_no_marker(tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(WrongStore, match="right disk mounted"):
        store_of(tmp_path / "empty").open()

    assert list((tmp_path / "empty").iterdir()) == []


def test_nothing_is_written_to_the_disk_of_another_box(video, tmp_path):
    store_id = make_store(Disk(), tmp_path / "ours", os.urandom)

    with pytest.raises(WrongStore, match="we were given"):
        store_of(video, store_id=store_id).open()

    assert cameras_in(video) == []


def test_a_disk_that_is_taken_away_is_never_written_around_and_comes_back(video, tmp_path):
    made, clock = recording(video, segment_s=4)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))

    away = video.rename(tmp_path / "away")
    video.mkdir()
    feed(made, clock, range(30, 150))
    assert isinstance(made.fault, WrongStore)
    assert list(video.iterdir()) == [], "the place where the disk was mounted stays empty"

    video.rmdir()
    away.rename(video)
    feed(made, clock, range(150, 500))
    made.close("stopped")
    assert made.fault is None
    assert {n for _, numbers in recorded(video) for n in numbers} == set(range(500))


def test_nobody_holds_on_to_a_disk_that_went(video, tmp_path):
    ours = store_of(video)
    ours.open()
    (video / ".vigil-store").rename(tmp_path / "marker")
    with pytest.raises(WrongStore):
        ours.open()
    (tmp_path / "marker").rename(video / ".vigil-store")

    store_of(video).open()


def test_a_camera_has_one_writer(video):
    first, second = store_of(video), store_of(video)
    first.open()

    with pytest.raises(StoreError, match="another process records gate"):
        second.open()
    first.close()
    second.open()


def test_a_newest_sidecar_that_cannot_be_read_does_not_end_recording(video):
    cut_short(video, range(30))
    newest = segments_of(video / "gate")[-1]
    before = newest.seal.read_bytes()
    made, clock = recording(video, disk=Disk(BadSectors(newest.seal)))
    made.begin("continuous", [numbered(100, clock.steady_us())])
    feed(made, clock, range(101, 300))
    made.close("stopped")

    assert made.fault is None
    second, third = segments_of(video / "gate")[1:]
    assert [numbers_in(plaintext_of(s.media)) for s in (second, third)] == [
        list(range(100, 200)),
        list(range(200, 300)),
    ]
    opened, marked, *_ = said_in(second.seal)
    assert opened.prev == CHAIN_START
    assert marked.type == "marked"
    assert marked.fields["seq"] == newest.seq
    assert "cannot be read" in marked.fields["why"]
    assert newest.seal.read_bytes() == before, "it is left as it is"


def test_pictures_that_cannot_be_read_are_stated_as_damaged_and_recording_goes_on(video):
    cut_short(video, range(30))
    newest = segments_of(video / "gate")[-1]
    made, clock = recording(video, disk=Disk(BadSectors(newest.media)))
    made.begin("continuous", [numbered(100, clock.steady_us())])
    feed(made, clock, range(101, 300))
    made.close("stopped")

    assert made.fault is None
    last = said_in(newest.seal)[-1]
    assert (last.type, last.fields["damaged"]) == ("recovered", True)
    assert last.fields["sha256"] == said_in(newest.seal)[-2].fields["sha256"], "what was signed stays signed"
    assert verified(video).verdicts["gate/1"] == "damaged"
    first = said_in(segments_of(video / "gate")[1].seal)[0]
    assert first.prev == last.digest, "the chain goes on"


def test_one_failed_read_is_no_reason_to_give_anything_up(video):
    cut_short(video, range(30))
    newest = segments_of(video / "gate")[-1]
    calls = BadSectors(newest.seal)
    made, clock = recording(video, disk=Disk(calls))
    made.begin("continuous", [numbered(100, clock.steady_us())])
    calls.lost.clear()
    feed(made, clock, range(101, 130))
    made.close("stopped")

    assert set(verified(video).verdicts.values()) == {"uncertified"}
    assert said_in(newest.seal)[-1].type == "recovered"


def test_a_number_is_never_used_twice_even_where_a_sidecar_is_gone(video):
    record_some(video, range(30))
    record_some(video, range(30, 60))
    lost = segments_of(video / "gate")[-1]
    lost.seal.unlink()

    record_some(video, range(60, 90))

    seqs = [segment.seq for segment in segments_of(video / "gate")]
    assert seqs == [1, 2, 3]
    assert (
        said_in(segments_of(video / "gate")[2].seal)[0].prev == said_in(segments_of(video / "gate")[0].seal)[-1].digest
    )


def test_a_disk_that_cannot_list_is_not_taken_for_an_empty_one(video, monkeypatch):
    record_some(video, range(30))

    def broken(self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = store_of(video)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", broken)
        with pytest.raises(StoreFault):
            store.open()
        with pytest.raises(StoreFault):
            cameras_in(video)
    store.open()
    assert store.next_seq == 2


def test_a_disk_that_fails_a_mere_question_is_a_fault_and_no_end(video, monkeypatch):
    made, clock = recording(video, segment_s=4)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 60))

    def broken(self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", broken)
        made.delete(1, "too old")
    assert isinstance(made.fault, StoreFault)
    feed(made, clock, range(60, 100))
    made.close("stopped")
    assert made.fault is None
    assert {n for _, numbers in recorded(video) for n in numbers} >= set(range(40, 100))
    assert segments_of(video / "gate")[0].seq > 1, "the order was kept"


def test_what_is_held_newest_or_gone_is_not_deleted(video):
    record_some(video, range(30))
    record_some(video, range(30, 60))
    held, newest = segments_of(video / "gate")
    held.keep.touch()
    store = store_of(video)
    store.open()
    quiet = store.begin("quiet", why="no pictures are due", trust="synced")

    assert not store.delete(held, why="too old")
    assert not store.delete(quiet, why="too old")
    held.keep.unlink()
    assert store.delete(held, why="too old")
    assert not store.delete(held, why="too old")
    store.end_quiet(why="done")
    store.close()
    assert [s.type for s in said_in(quiet.seal)] == ["opened", "deleted", "sealed"]
    assert segments_of(video / "gate") == [newest, quiet]


def test_a_deletion_that_was_cut_is_finished_by_the_next_start(video, monkeypatch):
    record_some(video, range(30))
    record_some(video, range(30, 60))
    first = segments_of(video / "gate")[0]
    store = store_of(video)
    store.open()
    store.begin("quiet", why="no pictures are due", trust="synced")
    monkeypatch.setattr("vigil.store.camera_store.remove_files", lambda *_: None)
    store.delete(first, why="too old")
    store.end_quiet(why="done")
    store.close()
    monkeypatch.undo()
    assert first.media.exists()

    store_of(video).open()
    assert not first.media.exists()
    assert not first.seal.exists()


def test_the_certificate_is_stated_once_when_it_came_late(video):
    session = Session(os.urandom)
    store = CameraStore(Disk(), video, "gate", session=session, clock=HandClock(), boot="boot")
    store.open()
    quiet = store.begin("quiet", why="no pictures are due", trust="synced")
    store.say_certificate()
    session.certificate = "a certificate"
    store.say_certificate()
    store.say_certificate()
    store.end_quiet(why="done")
    again = store.begin("quiet", why="no pictures are due", trust="synced")

    assert [s.type for s in said_in(quiet.seal)] == ["opened", "certified", "sealed"]
    store.say_certificate()
    store.close()
    assert [read_line(line).type for line in read_lines(again.seal.read_bytes())] == ["opened"]
    assert read_line(read_lines(again.seal.read_bytes())[0]).fields["cert"] == "a certificate"


def test_a_disk_that_refuses_is_let_go_of(video):
    """A file that stayed open would keep a sick disk from being unmounted and mended, and one more with each fault."""
    calls = FaultyCalls(0, mode="EROFS", lasting=True)
    made, clock = recording(video, disk=Disk(calls), segment_s=4)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))
    assert len(open_below(video)) == 3
    calls.nth, calls.seen = 1, 0
    feed(made, clock, range(30, 60))

    assert isinstance(made.fault, StoreFault)
    assert open_below(video) == [str(video / "gate/.lock")]
    calls.heal()
    made.close("stopped")
    assert open_below(video) == []


def open_below(video: Path) -> list[str]:
    """The files below `video` that this process has open."""
    links = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    return sorted(str(path) for path in links if path.is_relative_to(video) and path.is_file())
