"""The box is restarted by a command: systemd does it without a word, though the image starts no logind to be asked."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from fakes.systemd_here import Tree, as_pid_1
from vigil.processes.confirm import restart_box

pytestmark = as_pid_1


def asked(command: list[str], place: Path) -> tuple[bool, str]:
    """Whether systemd restarts when a unit runs this command, and what whoever typed it would have read."""
    tree = Tree(place)
    said = place / "etc/said"
    typed = f"/bin/sh -c '{shlex.join(command)} >/etc/said 2>&1'"
    tree.unit("asks.service", f"[Service]\nType=oneshot\nExecStart={typed}\n", wanted_by="basic.target.wants")
    ended, _ = tree.start("basic.target")
    return ended, said.read_text()


def test_the_box_is_restarted_without_a_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    restart_box()
    monkeypatch.undo()

    assert asked(commands[0], tmp_path) == (True, "")


def test_asked_in_the_usual_way_systemd_complains_first(tmp_path: Path):
    """The control. Here there is no bus to ask logind over; on the box there is a bus, and nobody at its end."""
    ended, said = asked(["systemctl", "--no-block", "reboot"], tmp_path)

    assert ended
    assert said.startswith("Failed to connect to system scope bus")
