"""
The box in the image is armed with a finger: a press on its header, a lamp that answers, and a journal that has it.

The header is the kernel's gpio-sim, which the body of the image reads through gpiozero and lgpio in its own cage, as it
would read a board's. The device tree says that a panel is wired, as the overlay `panel` does.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from fakes.inside_shell import Shell
from fakes.qemu import emulated
from fakes.recording_box import Running, cold, recording_box, resumed

# A machine that starts from where it was kept, and one that starts anew after a power cut.
pytestmark = emulated

BUTTON, STATUS, ARMED = 17, 22, 27  # docs/guide/wiring.md
HEADER = f"""set -e
modprobe gpio-sim
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir -p /sys/kernel/config/gpio-sim/header/bank0 /run/inside/device-tree/vigil-button-pins
cd /sys/kernel/config/gpio-sim/header
echo 54 >bank0/num_lines
echo pinctrl-bcm2835 >bank0/label
echo 1 >live
ln -s "/sys/devices/platform/$(cat dev_name)/$(cat bank0/chip_name)" /run/inside/header
echo pull-up >/run/inside/header/sim_gpio{BUTTON}/pull
mount --bind /run/inside/device-tree /sys/firmware/devicetree/base
udevadm settle
systemctl restart vigil-body
"""
PULL = f"/run/inside/header/sim_gpio{BUTTON}/pull"
ENTRIES = "cat /vigil/state/journal/*/entries/*.jsonl | grep -F '\"arm.changed\"'"
STATUS_WORDS = "/opt/vigil/bin/vigil status --data /vigil --json || true"


def wire(shell: Shell) -> None:
    """Solder a panel to a box that runs, and wait until its body drives the lamps."""
    words = base64.b64encode(HEADER.encode()).decode()
    shell.ask(f"echo {words} | base64 -d >/run/inside/wire; bash /run/inside/wire", timeout_s=120)
    lit_once(shell, STATUS)


def lit_once(shell: Shell, line: int, value: int = 1) -> None:
    """Wait until a lamp is seen on (or off); guard's word makes it so."""
    shell.ask(f"until grep -q {value} /run/inside/header/sim_gpio{line}/value; do sleep 0.1; done", timeout_s=120)


def press(shell: Shell, seconds: str) -> None:
    """Close the button's line to ground for so long, with a burst of bounces at either edge."""
    burst = f"for turn in 1 2 3 4 5; do echo pull-down >{PULL}; echo pull-up >{PULL}; done"
    shell.ask(f"{burst}; echo pull-down >{PULL}; sleep {seconds}; {burst}", timeout_s=60)


def states(shell: Shell) -> list[tuple[str, str]]:
    """Each change of the arm state that the journal has: what to, and how."""
    entries = [json.loads(line) for line in shell.ask(f"{ENTRIES} || true").splitlines()]
    return [(one["after"], one["how"]) for one in entries]


def status(shell: Shell) -> dict[str, object]:
    """What the box says of itself."""
    told = json.loads(shell.ask(STATUS_WORDS, timeout_s=60))
    assert isinstance(told, dict)
    return told


def armed_by_a_press(box: Running) -> float:
    """Press; return the seconds until the journal says that the box is armed away."""
    began = time.monotonic()
    press(box.shell, "0.3")
    box.shell.ask(f"until {ENTRIES} | grep -q '.after.:.armed_away.'; do sleep 1; done", timeout_s=300)
    return time.monotonic() - began


def test_the_box_is_armed_by_a_press_and_still_is_after_a_power_cut(tmp_path: Path):
    with resumed(recording_box(), tmp_path) as box:
        wire(box.shell)
        before = states(box.shell)
        took_s = armed_by_a_press(box)
        lit_once(box.shell, ARMED)
        after = states(box.shell)
        told = status(box.shell)
        body = box.shell.ask("journalctl -b -o cat -u vigil-body")
        box.shell.ask("sync")

    with cold(tmp_path / "card.qcow2") as box:
        box.shell.wait()
        box.shell.until_recording()
        again = status(box.shell)
        kept = states(box.shell)

    print(f"armed away {took_s:.0f} s after the press, of which 45 are for leaving")
    assert before == []
    assert after == [("arming", "button"), ("armed_away", "delay")], after
    assert told["arm"] == again["arm"] == "armed_away"
    assert "button: short" in body, body
    assert kept[2:] == [("armed_away", "resumed")], kept
