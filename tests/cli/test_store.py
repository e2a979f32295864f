"""`vigil store` and `vigil check`, as a person types them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.journals import Bench
from fakes.owner import Box, vigil
from vigil.cli.store_show import what_goes
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.index import Index, index_path
from vigil.store.ingest import new_statements
from vigil.store.marker import check_marker, make_store
from vigil.store.retention import Rules

Captured = pytest.CaptureFixture[str]


def marker(place: Place) -> str:
    return check_marker(Disk(), place.video, None)


def test_an_empty_directory_becomes_a_store(tmp_path: Path, capsys: Captured):
    place = Place(tmp_path)

    assert vigil("store", "adopt", "--data", tmp_path) == 0

    assert place.known_store() == marker(place)
    out = capsys.readouterr().out
    assert out.startswith(f"This recorder made a store in {place.video} (marker ")
    assert "are free there" in out


def test_a_store_that_is_ours_stays_as_it_is(tmp_path: Path, capsys: Captured):
    vigil("store", "adopt", "--data", tmp_path)
    before = marker(Place(tmp_path))
    capsys.readouterr()

    assert vigil("store", "adopt", "--data", tmp_path) == 0
    assert "is this recorder's store already" in capsys.readouterr().out
    assert marker(Place(tmp_path)) == before


def test_recordings_of_another_box_are_taken_over_only_with_a_yes(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path)
    box.film("plain")
    box.recording.close("stopped")
    place = Place(tmp_path)
    theirs = marker(place)

    assert vigil("store", "adopt", "--data", tmp_path) == 2
    err = capsys.readouterr().err
    assert "there are recordings in" in err
    assert "1 segment of gate" in err
    assert place.known_store() is None

    assert vigil("store", "adopt", "--data", tmp_path, "--yes") == 0
    assert place.known_store() == theirs == marker(place)
    assert f"took over the store {theirs[:8]}" in capsys.readouterr().out


def test_an_empty_store_of_another_box_is_taken_over_at_once(tmp_path: Path):
    place = Place(tmp_path)
    vigil("store", "adopt", "--data", tmp_path)
    (place.video / ".vigil-store").unlink()
    theirs = make_store(Disk(), place.video, os.urandom)

    assert vigil("store", "adopt", "--data", tmp_path) == 0
    assert place.known_store() == theirs


def test_a_damaged_marker_is_made_anew(tmp_path: Path):
    place = Place(tmp_path)
    vigil("store", "adopt", "--data", tmp_path)
    (place.video / ".vigil-store").write_text("{}")

    assert vigil("store", "adopt", "--data", tmp_path) == 0
    assert place.known_store() == marker(place)


def test_the_directory_that_is_named_must_be_the_one_recorded_into(tmp_path: Path, capsys: Captured):
    disk = tmp_path / "disk"
    disk.mkdir()

    assert vigil("store", "adopt", disk, "--data", tmp_path) == 2
    assert f'set [storage] video_dir = "{disk}" first' in capsys.readouterr().err
    assert list(disk.iterdir()) == []

    (tmp_path / "vigil.toml").write_text(f'schema = 1\n[storage]\nvideo_dir = "{disk}"\n')
    assert vigil("store", "adopt", disk, "--data", tmp_path) == 0
    assert (disk / ".vigil-store").exists()


@pytest.fixture
def journaled(tmp_path: Path) -> Box:
    """Two segments, of which the journal knows, and one of which it does not know yet."""
    box = Box(tmp_path)
    place = Place(tmp_path)
    for _ in range(2):
        box.film("plain")
        box.recording.end("cut")
    bench = Bench(place.state)
    with bench.open() as journal:
        said = new_statements(Disk(), box.video, "gate", (0, -1), is_durable=lambda _: True, on_bad=lambda *_: None)
        journal.append_many(list(said), clock_trust="unsynced")
    box.film("plain")
    box.recording.close("stopped")
    return box


def test_the_index_is_made_again_and_what_was_taken_in_is_said(journaled: Box, capsys: Captured):
    path = index_path(Place(journaled.data).state)
    path.write_bytes(b"this is no database")

    assert vigil("store", "rebuild", "--data", journaled.data) == 0

    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("5 entries of the journal taken in within ")
    assert out[0].endswith(f"the index {path.name} knows 2 segments.")
    assert out[1] == "2 statements beside the recordings are not in the journal yet: guard enters them when it starts."
    with Index.open(path) as index:
        assert [one.seq for one in index.segments("gate", 0, 1 << 62)] == [1, 2]


def test_while_guard_is_at_work_nothing_is_rebuilt(journaled: Box, capsys: Captured):
    lock = Disk().try_lock(Place(journaled.data).journal / "lock")
    assert lock is not None

    assert vigil("store", "rebuild", "--data", journaled.data) == 2

    assert "guard is at work on journal and index: stop the recorder first" in capsys.readouterr().err
    Disk().unlock(lock)


def test_without_a_journal_there_is_nothing_to_rebuild_from(tmp_path: Path, capsys: Captured):
    assert vigil("store", "rebuild", "--data", tmp_path) == 2
    assert "there is no journal in" in capsys.readouterr().err


def test_a_good_store_is_said_to_be_good(journaled: Box, capsys: Captured):
    assert vigil("check", "--data", journaled.data) == 0

    out = capsys.readouterr().out
    assert out.startswith("All invariants hold: 1 camera, 3 segments, ")
    assert "`vigil verify`" in out


def test_what_is_wrong_is_said_with_what_to_do(journaled: Box, capsys: Captured):
    media = next(journaled.video.rglob("00000001-*.mp4.age"))
    media.write_bytes(media.read_bytes()[:-100])

    assert vigil("check", "--data", journaled.data) == 1

    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ gate 00000001: its file ends after ")
    assert second.startswith("    invariant 4: every file is as long as its last statement says; ")
    assert last.startswith("1 problem in 1 camera, 3 segments")

    assert vigil("check", "--data", journaled.data, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert [(one["invariant"], one["camera"], one["seq"]) for one in found["problems"]] == [(4, "gate", 1)]


def test_without_a_store_nothing_is_checked(tmp_path: Path, capsys: Captured):
    assert vigil("check", "--data", tmp_path) == 2
    assert "there are no recordings in" in capsys.readouterr().err


def test_what_a_store_keeps_is_shown_with_what_is_not_known_of_its_future(tmp_path: Path, capsys: Captured):
    box = Box(tmp_path, segment_s=2)
    box.film("plain", "plain")
    box.recording.close("stopped")
    (tmp_path / "vigil.toml").write_text(
        'schema = 1\n[storage]\ndelete = false\n[[camera]]\nid = "gate"\nsource = "synthetic"\nkeep_days = 9\n'
    )
    vigil("hold", "place", "--data", tmp_path, "--segment", 1, "--reason", "court")
    vigil("star", "place", "--data", tmp_path, "--segment", 2, "--reason", "a fox")
    capsys.readouterr()

    assert vigil("store", "show", "--data", tmp_path) == 0

    first, gate, future, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{box.video}: ")
    assert " free of " in first
    assert gate.startswith("  gate: 3 segments, ")
    assert gate.endswith(" kB, 1 held, 1 starred, kept for 9 days")
    assert future.startswith("How long there is room is not known: ")
    assert last == "Nothing is deleted automatically (storage.delete = false)."
    assert vigil("store", "show", "--data", tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["forecast"]["fate"] == "unknown"
    assert [(one["camera"], one["segments"], one["held"], one["starred"]) for one in told["cameras"]] == [
        ("gate", 3, 1, 1)
    ]


def test_the_rules_by_which_recordings_go_are_said_with_what_stays(tmp_path: Path, capsys: Captured):
    Box(tmp_path).recording.close("stopped")
    (tmp_path / "vigil.toml").write_text("schema = 1\n[storage]\nkeep_days = 30\nmaximum_bytes = 500_000_000\n")

    assert vigil("store", "show", "--data", tmp_path) == 0

    assert capsys.readouterr().out.splitlines()[-1] == (
        "The oldest go where less than 1.0 GB is free, until 2.0 GB are, after 30 days, above 500.0 MB in all. "
        "What is held stays, so does what is starred."
    )
    assert what_goes(Rules(free_start_bytes=9, free_target_bytes=9, give_up_stars=True)).endswith(
        "What is held stays, what is starred, until nothing else may go."
    )
