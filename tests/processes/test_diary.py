"""The diary: what recorders state becomes entries, once; and the words of old ones may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.processes.diary import Diary
from vigil.processes.place import Place
from vigil.segments.note import NoteKey, NoteSigner
from vigil.segments.session import Session, device_id, identity_name
from vigil.store.disk import Disk
from vigil.store.journal_read import read_logs


@pytest.fixture
def place(tmp_path) -> Place:
    (tmp_path / "state").mkdir()
    return Place(tmp_path)


def identity() -> NoteKey:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    return NoteSigner(identity_name(device_id(private.public_key().public_bytes_raw())), private).key


def diary(place: Place, clock: HandClock) -> Diary:
    return Diary(
        place, Disk(), clock, session=Session(os.urandom), identity=identity(), checkpoint_s=60, trust="synced"
    )


def kinds(place: Place, log: int = -1) -> list[str]:
    return [entry.kind for entry in read_logs(place.journal)[log].entries()]


def record(video: Path, clock: HandClock, numbers: range):
    made, _ = recording(video, clock=clock)
    made.begin("continuous", [numbered(numbers[0], clock.steady_us())])
    feed(made, clock, numbers[1:])
    return made


def test_each_statement_is_entered_once_however_often_it_is_looked_at(place):
    clock = HandClock()
    made = record(place.video, clock, range(150))
    open_diary = diary(place, clock)
    open_diary.take_in(place.video)
    made.say("motion", state="began", area_pm=4)
    open_diary.take_in(place.video)
    made.delete(1, "too old")
    made.close("stopped")
    for _ in range(3):
        open_diary.take_in(place.video)
    open_diary.close()
    again = diary(place, clock)
    assert again.take_in(place.video) == 0
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
    second.take_in(place.video)
    assert second.checkpoint_if_due(clock.steady_us())
    second.publish_last_known(Config())
    second.close()
    for path, data in old.items():
        path.write_bytes(data)

    third = diary(place, clock)
    third.take_in(place.video)
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
    open_diary.take_in(place.video)
    clock.sleep(10 * 86_400)
    open_diary.prune(clock.wall_us() - 86_400_000_000)
    kept = kinds(place)
    assert "segment.opened" in kept
    assert "fault.raised" not in kept

    made.delete(1, "too old")
    made.close("stopped")
    open_diary.take_in(place.video)
    open_diary.close()
    assert kinds(place)[-1] == "segment.sealed"
