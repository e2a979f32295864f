"""A box takes an update from a USB stick, tries it, and keeps it once it has proved itself; others it refuses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fakes.inside_shell import SHELL
from fakes.qemu import emulated_for
from fakes.recording_box import Box, cold, recording_box
from fakes.selector_cards import state_of
from fakes.updates import STATE, UPDATE, make_stick, plugged, refused_updates, slot_with, system_update, told_of_updates
from vigil.upkeep.slots import Slot, SlotState

# Two starts, and 240 MB that are written to an emulated card: more than `make test` has time for.
pytestmark = emulated_for(2400, at_length=True)


@pytest.fixture(scope="module")
def box() -> Box:
    return recording_box()


def test_updates_are_refused_taken_tried_and_kept(box: Box, tmp_path: Path):
    files = tmp_path / "stick"
    files.mkdir()
    reasons = refused_updates(files)
    system_update(files / "vigil-0.2.0-debian.raucb", slot_with(SHELL, tmp_path), "0.2.0")
    stick = make_stick(tmp_path / "stick.img", files)
    card = box.copy(tmp_path / "card.img")

    with cold(card.path, more=plugged(stick)) as running:
        shell = running.shell
        assert shell.wait() == "A"
        shell.until_recording()
        before = shell.ask(STATE)
        shell.ask("mkdir /run/stick; mount -o ro /dev/sda /run/stick")
        for name, why in reasons.items():
            said = shell.ask(f"{UPDATE} install /run/stick/{name}.raucb --data /vigil; [ $? != 0 ]")
            assert why in said.splitlines()[-1]
        shell.ask("umount /run/stick")
        assert shell.ask(STATE) == before

        began = time.monotonic()
        said = shell.ask(f"{UPDATE} install usb --data /vigil", timeout_s=600)
        installed = time.monotonic()
        assert said.splitlines()[-1].startswith("version 0.2.0 is installed"), said
        session = shell.ask("session")
        shell.tell("systemctl reboot")
        start = running.start()
        assert (start.slot, start.after, start.left) == ("B", "reset", (3, 3))
        assert shell.wait() == "B"
        shell.until_recording(instead_of=session)
        records = time.monotonic()
        shell.ask("while systemctl is-active -q vigil-confirm; do sleep 1; done", timeout_s=400)
        proved = time.monotonic()
        status = shell.ask(f"{UPDATE} status --data /vigil")
        told = told_of_updates(shell)
        root = shell.ask("grep -o 'verity_root_data=[^ ]*' /proc/cmdline")
        failed = shell.ask("systemctl --failed --plain --no-legend")
        shell.ask("sync")

    print(f"installed in {installed - began:.0f} s; from the restart to recording {records - installed:.0f} s, "
          f"to being kept {proved - installed:.0f} s")  # fmt: skip
    assert "the update from 0.1.0 to 0.2.0 has proved itself" in status
    assert told == [*["refused"] * 6, "began", "installed", "trial", "confirmed"]
    assert root == "verity_root_data=PARTUUID=56494749-06" and failed == ""
    assert state_of(card) == SlotState(order=(Slot.B, Slot.A))
