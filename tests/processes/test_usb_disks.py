"""Disks that are let in for a command of the owner's: the door is open for that long, and udev looks twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.processes.usb_disks import disks_let_in


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A udevadm that remembers what it was asked."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "udevadm").write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n')
    (tools / "udevadm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return tmp_path / "asked"


def test_the_door_is_open_for_that_long_and_closed_whatever_happens(tmp_path: Path, asked: Path):
    run = tmp_path / "run"
    run.mkdir()
    disk = tmp_path / "drivers/usb-storage/1-1:1.0/host0/target0:0:0/0:0:0:0/block/sda"
    disk.mkdir(parents=True)

    with pytest.raises(RuntimeError, match="mine"), disks_let_in(run, tmp_path / "drivers"):
        assert (run / "disks").exists()
        assert asked.read_text().splitlines()[0] == "trigger --action=add --subsystem-match=usb"
        raise RuntimeError("mine")

    assert not (run / "disks").exists()
    assert asked.read_text().splitlines()[-1] == "trigger --action=change --subsystem-match=block"


def test_a_host_without_our_rules_is_left_alone(tmp_path: Path, asked: Path):
    with disks_let_in(tmp_path / "no-run"):
        pass

    assert not asked.exists()
