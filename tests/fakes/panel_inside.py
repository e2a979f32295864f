"""
A panel for a box in the emulator: the kernel's gpio-sim as its header, with a hand for the button and eyes for lamps.

The body of the image reads it through gpiozero and lgpio in its own cage, as it would read a board's. The device tree
says that a panel is wired, as the overlay `panel` does.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from fakes.inside_shell import Shell

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
ENTRIES = "cat /vigil/state/journal/*/entries/*.jsonl"


def wire(shell: Shell) -> None:
    """Solder a panel to a box that runs, and wait until its body drives the lamps."""
    words = base64.b64encode(HEADER.encode()).decode()
    shell.ask(f"echo {words} | base64 -d >/run/inside/wire; bash /run/inside/wire", timeout_s=120)
    lit_once(shell, STATUS)


def lit_once(shell: Shell, line: int) -> None:
    """Wait until a lamp is seen on, which guard's word makes it."""
    shell.ask(f"until grep -q 1 /run/inside/header/sim_gpio{line}/value; do sleep 0.1; done", timeout_s=120)


def press(shell: Shell, seconds: float) -> None:
    """Close the button's line to ground for so long, with a burst of bounces at either edge."""
    burst = f"for turn in 1 2 3 4 5; do echo pull-down >{PULL}; echo pull-up >{PULL}; done"
    shell.ask(f"{burst}; echo pull-down >{PULL}; sleep {seconds}; {burst}", timeout_s=120)


def journaled(shell: Shell, kind: str) -> list[dict[str, Any]]:
    """All entries of a kind that the journal of the box has, in order."""
    said = shell.ask(f"{ENTRIES} | grep -F '\"{kind}\"' || true")
    return [json.loads(line) for line in said.splitlines()]


def until_journaled(shell: Shell, kind: str, words: str = "", *, timeout_s: float = 300) -> dict[str, Any]:
    """Wait for an entry of a kind in which a pattern of grep's is found too; return the newest of the kind."""
    found = f"{ENTRIES} | grep -F '\"{kind}\"' | grep -q '{words}'"
    shell.ask(f"until {found}; do sleep 1; done", timeout_s=timeout_s)
    return journaled(shell, kind)[-1]
