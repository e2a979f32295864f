"""The box in the image is armed with a finger: a press on its header, a lamp that answers, a journal that has it."""

from __future__ import annotations

import time
from pathlib import Path

from fakes.inside_shell import Shell
from fakes.panel_inside import ARMED, journaled, lit_once, press, until_journaled, wire
from fakes.qemu import emulated
from fakes.recording_box import cold, recording_box, resumed

# A machine that starts from where it was kept, and one that starts anew after a power cut.
pytestmark = emulated


def states(shell: Shell) -> list[tuple[str, str]]:
    """Each change of the arm state that the journal has: what to, and how."""
    return [(one["after"], one["how"]) for one in journaled(shell, "arm.changed")]


def arm_state(shell: Shell) -> str:
    """What the box says of itself, once there is a guard that knows: a recorder is up before it."""
    asked = "/opt/vigil/bin/vigil status --data /vigil --json"
    said = shell.ask(f'until {asked} | grep \'"arm": "[a-z][a-z_]*"\'; do sleep 1; done', timeout_s=300)
    return said.split('"')[3]


def test_the_box_is_armed_by_a_press_and_still_is_after_a_power_cut(tmp_path: Path):
    with resumed(recording_box(), tmp_path) as box:
        wire(box.shell)
        before = states(box.shell)
        began = time.monotonic()
        press(box.shell, 0.3)
        until_journaled(box.shell, "arm.changed", ".after.:.armed_away.")
        took_s = time.monotonic() - began
        lit_once(box.shell, ARMED)
        after = states(box.shell)
        told = arm_state(box.shell)
        body = box.shell.ask("journalctl -b -o cat -u vigil-body")
        box.shell.ask("sync")

    with cold(tmp_path / "card.qcow2") as box:
        box.shell.wait()
        box.shell.until_recording()
        until_journaled(box.shell, "arm.changed", "resumed")
        again = arm_state(box.shell)
        kept = states(box.shell)

    print(f"armed away {took_s:.0f} s after the press, of which 45 are for leaving")
    assert before == []
    assert after == [("arming", "button"), ("armed_away", "delay")], after
    assert told == again == "armed_away"
    assert "button: short" in body, body
    assert kept[2:] == [("armed_away", "resumed")], kept
