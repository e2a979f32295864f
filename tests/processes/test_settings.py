"""The configuration a box goes on with when files are broken, or gone, or all of them are gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vigil.config.files import remember_applied
from vigil.config.model import Camera, Config, Owner
from vigil.config.model_storage import Storage
from vigil.config.read import TakenFrom
from vigil.config.write import written
from vigil.processes.place import Place
from vigil.processes.run import prepare
from vigil.processes.settings import load, load_watch
from vigil.segments.age import Identity
from vigil.segments.last_known import LastKnown, write_last_known
from vigil.segments.session import Session
from vigil.store.disk import Disk

OWNER = str(Identity(bytes(range(32))).recipient)


@pytest.fixture
def place(tmp_path) -> Place:
    (tmp_path / "state").mkdir()
    (tmp_path / "video").mkdir()
    return Place(tmp_path)


def config_of(name: str, **more) -> Config:
    return Config(cameras=(Camera(id=name, source="synthetic"),), owner=Owner(recipients=(OWNER,)), **more)


def known_to_the_store(place: Place, config: Config) -> Path:
    path = place.video / "last-known"
    path.write_bytes(
        write_last_known(LastKnown("00d1ce0fca3e5a11", written(config).decode(), "", ""), Session(os.urandom))
    )
    return path


def cameras(place: Place) -> list[str]:
    return [camera.id for camera in load(place.data, Disk()).salvage.config.cameras]


def test_the_owners_file_counts_before_everything_else(place):
    known_to_the_store(place, config_of("known"))
    remember_applied(place.config_files, config_of("applied"), Disk().replace)
    place.config_files.owners.write_bytes(written(config_of("mine")))

    settings = load(place.data, Disk())

    assert [camera.id for camera in settings.salvage.config.cameras] == ["mine"]
    assert [str(recipient) for recipient in settings.recipients] == [OWNER]
    assert settings.salvage.faults == ()


def test_what_was_applied_counts_before_what_the_store_knew(place):
    known_to_the_store(place, config_of("known"))
    remember_applied(place.config_files, config_of("applied"), Disk().replace)
    place.config_files.owners.write_bytes(b"schema = ")

    assert cameras(place) == ["applied"]


@pytest.mark.parametrize("broken", [None, b"schema = ", b"\xff\x00", b""])
def test_without_state_and_with_a_broken_file_or_none_what_the_store_knew_is_used_and_told(place, broken):
    known_to_the_store(place, config_of("known"))
    if broken is not None:
        place.config_files.owners.write_bytes(broken)

    settings = load(place.data, Disk())

    assert [camera.id for camera in settings.salvage.config.cameras] == ["known"]
    assert [str(recipient) for recipient in settings.recipients] == [OWNER], "it can go on recording to the disk"
    assert settings.salvage.taken_from is TakenFrom.LAST_APPLIED
    assert "00d1ce0fca3e5a11" in settings.salvage.faults[-1]


def test_a_damaged_copy_of_what_was_applied_is_as_good_as_none(place):
    known_to_the_store(place, config_of("known"))
    place.config_files.applied.write_bytes(b"schema = 1\nnonsense = true\n")
    place.config_files.owners.write_bytes(b"schema = ")

    assert cameras(place) == ["known"]


def test_one_wrong_camera_is_taken_from_what_the_store_knew(place):
    both = Config(cameras=(Camera(id="gate", source="synthetic", fps=5), Camera(id="yard", source="synthetic")))
    known_to_the_store(place, both)
    text = written(both).decode().replace("fps = 5", 'fps = "five"')
    assert '"five"' in text
    place.config_files.owners.write_text(text)

    found = load(place.data, Disk()).salvage

    assert {camera.id: camera.fps for camera in found.config.cameras}["gate"] == 5
    assert found.faults


@pytest.mark.parametrize("spoilt", [b"", b"vigil last known\n", b"\x00" * 500, b"\xff" * 500])
def test_a_spoilt_memory_of_the_store_is_no_obstacle(place, spoilt):
    known_to_the_store(place, config_of("known")).write_bytes(spoilt)

    assert cameras(place) == []
    assert load(place.data, Disk()).salvage.taken_from is TakenFrom.DEFAULT


def test_a_first_start_makes_a_configuration_and_one_that_lost_it_does_not(place):
    """A new demonstration camera with a new owner would be the end of the owner's recordings, unsaid."""
    known = known_to_the_store(place, config_of("known"))
    prepare(place.data, Disk())
    assert not place.config_files.owners.exists()
    assert not (place.data / "owner.agekey").exists()

    known.unlink()
    prepare(place.data, Disk())
    assert cameras(place) == ["demo"]
    assert (place.data / "owner.agekey").stat().st_mode & 0o077 == 0


def test_a_first_start_warns_of_nothing_that_it_mends_itself(place, caplog):
    notes = prepare(place.data, Disk())

    assert len(notes) == 1
    assert not caplog.records


def test_the_store_lies_where_the_configuration_says(place, tmp_path):
    place.config_files.owners.write_bytes(written(config_of("mine", storage=Storage(video_dir="/mnt/disk"))))

    assert load(place.data, Disk()).place.video == Path("/mnt/disk")


@pytest.mark.parametrize("spoilt", [None, b"", b"[]", b"{}", b'{"built_us": "x"}', b"\xff", b"[" * 100_000])
def test_a_memory_of_the_clock_that_is_spoilt_or_gone_begins_anew(place, spoilt):
    if spoilt is not None:
        place.clock_trust.write_bytes(spoilt)

    watch = load_watch(Disk(), place, built_us=1_770_000_000_000_000)

    assert watch.floor_us == 1_770_000_000_000_000
    assert not watch.days_count
