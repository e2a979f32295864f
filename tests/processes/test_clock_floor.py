"""The earliest that it can be, for a clock that lost its time."""

from __future__ import annotations

import json

import vigil
from vigil.clock.trust import Watch
from vigil.processes.clock_floor import floor_us, newest_us
from vigil.processes.place import Place
from vigil.store.disk import Disk

DAY_US = 86_400_000_000


def segment(place, camera, day, number):
    directory = place.video / camera / "2027/03" / f"{day:02d}"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{number:08d}-202703{day:02d}T120000Z.seal").write_bytes(b"")


def test_a_new_box_begins_when_it_was_built(tmp_path):
    assert floor_us(Disk(), Place(tmp_path)) == vigil.BUILT_US


def test_what_was_saved_counts(tmp_path):
    place = Place(tmp_path)
    place.state.mkdir()
    saved = Watch.new(built_us=vigil.BUILT_US, newest_us=vigil.BUILT_US + 30 * DAY_US).saved()
    place.clock_trust.write_text(json.dumps(saved))

    assert floor_us(Disk(), place) == vigil.BUILT_US + 30 * DAY_US


def test_without_state_the_newest_recording_counts(tmp_path):
    place = Place(tmp_path)
    segment(place, "gate", 5, 1)
    segment(place, "gate", 9, 2)
    segment(place, "yard", 7, 1)

    assert newest_us(place.video) == 1_804_593_600_000_000
    assert floor_us(Disk(), place) == 1_804_593_600_000_000


def test_a_video_partition_that_is_not_there_is_no_harm(tmp_path):
    assert newest_us(tmp_path / "gone") is None
