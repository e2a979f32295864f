"""Which file counts, on a real disk: the owner's, the version's own copy, the last applied well."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.config.files import ConfigFiles, boot, remember_applied
from vigil.config.model import Camera, Config
from vigil.config.read import Salvage, TakenFrom, read_strict
from vigil.config.write import written
from vigil.errors import StoreFault
from vigil.store.disk import Disk

DISK = Disk()
OLD = b'[[cameras]]\nid = "old"\nrtsp_url = "rtsp://h/x"\n'
NEWER = b"schema = 9\nhologram = true\n"


@pytest.fixture
def files(tmp_path: Path) -> ConfigFiles:
    (tmp_path / "state").mkdir()
    return ConfigFiles.below(tmp_path)


def started(files: ConfigFiles) -> Salvage:
    return boot(files, DISK.read_bytes, DISK.replace)


def camera_ids(salvage: Salvage) -> list[str]:
    return [camera.id for camera in salvage.config.cameras]


def config_of(name: str) -> Config:
    return Config(cameras=(Camera(id=name, source="synthetic"),))


def test_without_any_file_nothing_is_recorded_and_nothing_is_written(files: ConfigFiles, tmp_path: Path):
    assert camera_ids(started(files)) == []
    assert [path.name for path in tmp_path.rglob("*")] == ["state"]


def test_a_file_of_this_schema_is_used_as_it_is(files: ConfigFiles):
    files.owners.write_bytes(written(config_of("mine")))

    assert started(files) == Salvage(config_of("mine"))
    assert not files.own_copy.exists()


def test_what_was_applied_well_stands_in_for_a_file_that_broke(files: ConfigFiles):
    remember_applied(files, config_of("mine"), DISK.replace)
    files.owners.write_bytes(b"schema = ")

    salvage = started(files)

    assert (salvage.config, salvage.taken_from) == (config_of("mine"), TakenFrom.LAST_APPLIED)


def test_a_file_that_cannot_be_read_is_not_taken_for_one_that_is_not_there(files: ConfigFiles):
    remember_applied(files, config_of("mine"), DISK.replace)
    files.owners.mkdir()

    salvage = started(files)

    assert salvage.config == config_of("mine")
    assert salvage.faults[0].startswith("vigil.toml cannot be read: ")


def test_an_older_file_stays_and_gets_a_copy_of_this_versions_own(files: ConfigFiles):
    files.owners.write_bytes(OLD)

    first = started(files)

    assert camera_ids(first) == ["old"]
    assert first.faults == ()
    assert files.owners.read_bytes() == OLD
    assert files.own_copy.name == "vigil.schema1.toml"
    assert read_strict(files.own_copy.read_bytes()) == first.config
    second = started(files)
    assert (second.config, second.taken_from) == (first.config, TakenFrom.OWN_COPY)


def test_what_was_edited_in_the_own_copy_holds(files: ConfigFiles):
    files.owners.write_bytes(OLD)
    started(files)
    files.own_copy.write_bytes(files.own_copy.read_bytes().replace(b'"old"', b'"edited"'))

    assert camera_ids(started(files)) == ["edited"]


def test_an_older_file_edited_after_a_rollback_is_carried_over_again(files: ConfigFiles):
    files.owners.write_bytes(OLD)
    started(files)
    files.owners.write_bytes(OLD.replace(b'"old"', b'"rolled-back"'))

    salvage = started(files)

    assert camera_ids(salvage) == ["rolled-back"]
    assert "was edited after" in salvage.notes[-1]
    assert camera_ids(started(files)) == ["rolled-back"]


def test_an_older_file_with_mistakes_is_not_frozen_into_a_copy(files: ConfigFiles):
    files.owners.write_bytes(OLD + b"pre_motion_buffer_s = 1000\n")

    assert started(files).faults
    assert not files.own_copy.exists()


def test_a_disk_that_takes_no_copy_is_a_fault_and_no_more(files: ConfigFiles):
    def refuse(path: Path, _data: bytes) -> None:
        raise StoreFault(f"cannot write to {path}: read-only file system")

    files.owners.write_bytes(OLD)

    salvage = boot(files, DISK.read_bytes, refuse)

    assert camera_ids(salvage) == ["old"]
    assert "own copy of the configuration is not kept" in salvage.faults[0]


def test_a_rolled_back_version_finds_its_own_copy(files: ConfigFiles):
    files.owners.write_bytes(OLD)
    started(files)
    files.owners.write_bytes(NEWER)

    salvage = started(files)

    assert (camera_ids(salvage), salvage.taken_from) == (["old"], TakenFrom.OWN_COPY)
    assert salvage.faults[1] == "used instead: this version's own copy of the configuration file"


def test_a_rolled_back_version_without_a_copy_uses_what_was_applied(files: ConfigFiles):
    remember_applied(files, config_of("mine"), DISK.replace)
    files.owners.write_bytes(NEWER)

    assert started(files).config == config_of("mine")
