"""An update on a USB stick: the newest for this board is taken, and a stick that stays mounted costs nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from vigil.errors import UpdateRefused
from vigil.processes import update_here
from vigil.processes.update_here import on_a_stick

FILES = ["vigil-1.9.0-debian.raucb", "vigil-1.10.0-debian.raucb", "vigil-2.0.0-raspberrypi.raucb"]


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One USB disk with one partition, and programs `mount` and `umount` of our own: both say that they succeeded."""
    partition = tmp_path / "devices/usb1/sda/sda1"
    partition.mkdir(parents=True)
    (partition / "partition").write_text("1\n")
    blocks = tmp_path / "block"
    blocks.mkdir()
    for device in (partition.parent, partition):
        (blocks / device.name).symlink_to(device)
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs / "mount", "exit 0")
    program(programs / "umount", "exit 0")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(update_here, "KEYRING_PLACE", tmp_path)
    stick = tmp_path / "stick"
    stick.mkdir()
    for name in FILES:
        (stick / name).touch()
    return blocks


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_the_newest_update_for_this_board_is_taken(blocks: Path):
    with on_a_stick("vigil-debian", blocks) as found:
        assert found.name == "vigil-1.10.0-debian.raucb"


def test_a_stick_without_an_update_for_this_board_is_told(blocks: Path):
    with pytest.raises(UpdateRefused, match=r"none of sda1 holds a file vigil-VERSION-other\.raucb"):
        on_a_stick("vigil-other", blocks).__enter__()


def test_a_stick_that_stays_mounted_costs_no_update(blocks: Path, caplog: pytest.LogCaptureFixture):
    program(blocks.parent / "bin/umount", "exit 32")

    with caplog.at_level(logging.WARNING), on_a_stick("vigil-debian", blocks) as found:
        assert found.exists()

    assert "sda1 is still in use" in caplog.text
