"""`vigil stick` as an owner types it: a stick that is mounted, one of somebody else's, and a disk that is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder
from vigil.__main__ import main
from vigil.config.model import Camera, Config, Owner
from vigil.config.write import written
from vigil.out.stick_plan import MARKER, Marker, fingerprint
from vigil.store.disk import Disk
from vigil.store.marker import write_marker


@pytest.fixture
def box(tmp_path: Path) -> BoxBuilder:
    builder = BoxBuilder(tmp_path / "box")
    write_marker(Disk(), builder.video, "ab" * 16)
    builder.camera("front").media(70_000)
    builder.camera("front").media(5_000)
    builder.camera("front").quiet()
    builder.enter()
    config = Config(
        cameras=(Camera(id="front", source="synthetic"),), owner=Owner(recipients=(str(builder.owner.recipient),))
    )
    (builder.root / "vigil.toml").write_bytes(written(config))
    return builder


@pytest.fixture
def stick(tmp_path: Path, box: BoxBuilder) -> Path:
    stick = tmp_path / "stick"
    stick.mkdir()
    put_marker(stick, str(box.owner.recipient))
    return stick


def put_marker(stick: Path, recipient: str) -> None:
    marker = Marker(stick="5a" * 16, recipients=(fingerprint(recipient),), capacity_bytes=1, prepared_us=1)
    (stick / MARKER).write_bytes(marker.data())


def export(box: BoxBuilder, stick: Path) -> int:
    return main(["stick", "export", str(stick), "--data", str(box.root)])


def device_on(stick: Path) -> Path:
    (found,) = (stick / "vigil").iterdir()
    return found


def test_recordings_are_copied_checked_and_verified_by_the_commands_of_the_guide(box: BoxBuilder, stick: Path, capsys):
    before = {path: path.stat().st_mtime_ns for path in box.root.rglob("*")}

    assert export(box, stick) == 0
    assert capsys.readouterr().out == "complete: 3 segments, 0.2 MB\n"
    assert main(["check", "--data", str(device_on(stick))]) == 0
    assert "All invariants hold: 1 camera, 3 segments" in capsys.readouterr().out
    assert main(["verify", str(device_on(stick))]) == 0
    assert "INTACT" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in box.root.rglob("*")} == before


def test_evidence_that_is_altered_on_the_stick_is_found_out(box: BoxBuilder, stick: Path, capsys):
    export(box, stick)
    media = next(device_on(stick).rglob("*.mp4.age"))
    data = bytearray(media.read_bytes())
    data[-200] ^= 1
    media.write_bytes(data)

    assert main(["verify", str(device_on(stick))]) == 1
    assert "damaged" in capsys.readouterr().out


def test_evidence_that_is_gone_from_the_stick_is_missed(box: BoxBuilder, stick: Path, capsys):
    export(box, stick)
    for one in device_on(stick).rglob("00000002-*"):
        one.unlink()

    assert main(["check", "--data", str(device_on(stick))]) == 1
    assert "not here" in capsys.readouterr().out


def test_a_stick_of_somebody_elses_is_told_and_left(box: BoxBuilder, stick: Path, capsys):
    put_marker(stick, "age1other")

    assert export(box, stick) == 1
    assert "prepared for another owner" in capsys.readouterr().out
    assert [one.name for one in stick.iterdir()] == [MARKER]


def test_a_directory_that_is_no_stick_is_told(box: BoxBuilder, tmp_path: Path, capsys):
    assert export(box, tmp_path) == 1
    assert "this is no stick that `vigil stick prepare` has made" in capsys.readouterr().out


def test_a_second_box_shares_the_stick(box: BoxBuilder, stick: Path, tmp_path: Path):
    other = BoxBuilder(tmp_path / "other", seed="other")
    write_marker(Disk(), other.video, "cd" * 16)
    other.camera("side").media(500)
    other.camera("side").quiet()
    other.enter()
    shutil.copy(box.root / "vigil.toml", other.root)

    assert export(box, stick) == 0 and export(other, stick) == 0
    assert len(list((stick / "vigil").iterdir())) == 2
    for one in (stick / "vigil").iterdir():
        assert json.loads((one / "exports/000001.json").read_bytes())["ended"] == "complete"


def test_preparing_needs_to_know_for_whom_and_takes_no_card(box: BoxBuilder, tmp_path: Path, capsys):
    assert main(["stick", "prepare", "/dev/null", "--data", str(tmp_path)]) == 1
    assert "Give --recipient" in capsys.readouterr().err
    assert main(["stick", "prepare", "/dev/null", "--data", str(box.root), "--yes"]) == 1
    assert "is no disk" in capsys.readouterr().err
    assert main(["stick", "prepare", "/dev/null", "--recipient", "age1nonsense", "--yes"]) == 1
