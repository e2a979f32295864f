"""`make image-run`: a copy of the card is prepared as an owner would, and started with its console here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builder import machine
from builder.config import read_image
from builder.disk import make_disk
from builder.errors import BuildError
from builder.fat import make_fat
from fakes.card import Card
from fakes.repository import ROOT
from vigil.segments.age import Identity
from vigil.upkeep.setup_file import taken_over

pytestmark = pytest.mark.host

IMAGE = read_image(ROOT / "image/vigil.toml")


@pytest.fixture
def parts(tmp_path: Path) -> Any:
    """A card with nothing on it, and a QEMU that only says with what it was started."""
    boot = tmp_path / "p1.img"
    make_fat(boot, {"boot.scr": b"script"}, size_mib=64, label="VIGIL", serial="56494741", epoch=1_700_000_000)
    make_disk(tmp_path / "card.img", IMAGE.disk, {1: boot})
    return SimpleNamespace(image=tmp_path / "card.img", boot=tmp_path / "boot")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin/qemu-system-aarch64"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/started\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return tmp_path / "var"


def test_a_card_without_set_up_file_records_a_drawn_camera_for_an_owner_made_for_it(
    parts: Any, place: Path, capfd: pytest.CaptureFixture[str]
):
    assert machine.start(parts, IMAGE, place, None) == 0

    card = Card(place / "run.img")
    config = taken_over(card.read(1, "vigil.toml"), None)
    key = Identity.parse((place / "run.agekey").read_text().split()[-1])
    assert config.owner.recipients == (str(key.recipient),)
    assert [camera.source for camera in config.cameras] == ["synthetic"]
    assert card.read(1, "console") == b""
    assert (place / "run.img").stat().st_size == machine.CARD_BYTES
    said = capfd.readouterr().out
    assert "run.agekey opens it" in said and "Nothing answers there yet" in said
    started = (place.parent / "started").read_text()
    assert "hostfwd=tcp:127.0.0.1:8443-:443" in started and f"file={place}/run.img" in started


def test_what_the_board_wrote_is_there_the_next_time(parts: Any, place: Path):
    machine.start(parts, IMAGE, place, None)
    Card(place / "run.img").write(1, "written", b"by the board")
    machine.start(parts, IMAGE, place, None)

    assert Card(place / "run.img").read(1, "written") == b"by the board"


def test_an_owners_set_up_file_goes_on_a_new_copy(parts: Any, place: Path, tmp_path: Path):
    machine.start(parts, IMAGE, place, None)
    (tmp_path / "mine.toml").write_text('hostname = "garage"\n', encoding="utf-8")
    machine.start(parts, IMAGE, place, tmp_path / "mine.toml")

    assert tomllib.loads(Card(place / "run.img").read(1, "vigil.toml").decode()) == {"hostname": "garage"}
    with pytest.raises(BuildError, match=r"none\.toml cannot be read"):
        machine.start(parts, IMAGE, place, tmp_path / "none.toml")


def test_a_machine_without_qemu_is_told_what_to_install(parts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BuildError, match="apt-get install qemu-system-arm"):
        machine.start(parts, IMAGE, tmp_path, None)
