"""The one note by which guard has the box switched off."""

from __future__ import annotations

import pytest

from vigil.processes.power_off import PowerOffDoor


@pytest.mark.parametrize(("kill_power", "word"), [(True, "kill-power\n"), (False, "off\n")])
def test_the_note_is_there_whole(tmp_path, kill_power, word):
    assert PowerOffDoor(tmp_path).ask(kill_power=kill_power) == ""

    assert [path.name for path in tmp_path.iterdir()] == ["power-off"]
    assert (tmp_path / "power-off").read_text() == word


def test_a_host_that_is_no_box_is_left_on_and_that_is_said():
    assert "not switched off by Vigil" in PowerOffDoor(None).ask(kill_power=True)


def test_where_the_note_cannot_be_left_that_is_said(tmp_path):
    assert "cannot be asked" in PowerOffDoor(tmp_path / "gone").ask(kill_power=True)


def test_the_directory_is_the_one_that_systemd_made(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))

    PowerOffDoor.of_this_process().ask(kill_power=False)

    assert (tmp_path / "power-off").exists()
