"""The power button, and no key of any other device, switches the box off in good order."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from fakes.qemu import emulated
from fakes.recording_box import recording_box, resumed

# A machine that starts from where it was kept, and a shutdown.
pytestmark = emulated

# A device of that name with a power key, which is pressed at the first word (linux/uinput.h, linux/input.h).
DEVICE = r"""
import fcntl, os, struct, sys
EV_SYN, EV_KEY, KEY_POWER = 0, 1, 116
UI_DEV_CREATE, UI_DEV_SETUP, UI_SET_EVBIT, UI_SET_KEYBIT = 0x5501, 0x405C5503, 0x40045564, 0x40045565
device = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(device, UI_SET_EVBIT, EV_KEY)
fcntl.ioctl(device, UI_SET_KEYBIT, KEY_POWER)
fcntl.ioctl(device, UI_DEV_SETUP, struct.pack("4H80sI", 0x19, 1, 1, 1, sys.argv[1].encode(), 0))
fcntl.ioctl(device, UI_DEV_CREATE)
sys.stdin.readline()
for value in (1, 0):
    for kind, code, number in ((EV_KEY, KEY_POWER, value), (EV_SYN, 0, 0)):
        os.write(device, struct.pack("qqHHi", 0, 0, kind, code, number))
sys.stdin.readline()
"""
AT = "/run/inside/device"
BUTTON, KEYBOARD = "vigil power button", "a keyboard"
LOGIND = "systemctl is-active systemd-logind || true"
COLOURS = re.compile(r"\x1b\[[0-9;]*[mK]")
WATCHED = "journalctl -b -o cat -u systemd-logind | grep -o 'Watching .*'"


def plug(name: str) -> str:
    """A command that makes the device, whose key waits for a word, and lets udev come to its decision."""
    word = f"/run/inside/{name.replace(' ', '-')}"
    return (
        f"mkfifo {word}; (/opt/vigil/bin/python {AT} '{name}' <>{word} >/dev/null 2>&1 &)"
        f"; until grep -qs '{name}' /sys/class/input/event*/device/name; do sleep 1; done; udevadm settle"
    )


def press(name: str) -> str:
    """A command that gives the word."""
    return f"echo >/run/inside/{name.replace(' ', '-')}"


def test_the_button_switches_the_box_off_and_a_keyboard_does_not(tmp_path: Path):
    with resumed(recording_box(), tmp_path) as box:
        box.shell.ask(f"modprobe uinput; echo {base64.b64encode(DEVICE.encode()).decode()} | base64 -d >{AT}")
        before = box.shell.ask(LOGIND)
        box.shell.ask(plug(KEYBOARD))
        after_a_keyboard = box.shell.ask(LOGIND)
        box.shell.ask(plug(BUTTON))
        box.shell.ask("until systemctl is-active -q systemd-logind; do sleep 1; done")
        box.shell.ask(f"until {WATCHED}; do sleep 1; done")
        watched = box.shell.ask(WATCHED)
        box.shell.ask(press(KEYBOARD))
        box.shell.until_recording()
        box.shell.tell(press(BUTTON))
        box.guest.wait_until_off(timeout_s=300)

    assert (before, after_a_keyboard) == ("inactive", "inactive")
    assert watched.endswith(f"({BUTTON})") and len(watched.splitlines()) == 1, watched
    said = COLOURS.sub("", box.guest.told(200))
    for word in ("Unmounted vigil-state.mount", "Unmounted vigil-video.mount", "Reached target poweroff.target"):
        assert word in said, said
