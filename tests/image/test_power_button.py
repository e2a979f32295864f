"""The power button, and no key of any other device, switches the box off in good order."""

from __future__ import annotations

from pathlib import Path

from fakes.image import built
from fakes.inside import copy_of
from fakes.inside_shell import SHELL, Shell
from fakes.qemu import Machine, emulated_for, running
from fakes.recording_box import SETUP

# A start, half a minute for a key that must do nothing, and a shutdown.
pytestmark = emulated_for(1800, at_length=True)

# A device of that name with a power key, which is pressed once (linux/uinput.h, linux/input.h).
PRESS = r"""
import fcntl, os, struct, sys, time
EV_SYN, EV_KEY, KEY_POWER = 0, 1, 116
UI_DEV_CREATE, UI_DEV_SETUP, UI_SET_EVBIT, UI_SET_KEYBIT = 0x5501, 0x405C5503, 0x40045564, 0x40045565
device = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(device, UI_SET_EVBIT, EV_KEY)
fcntl.ioctl(device, UI_SET_KEYBIT, KEY_POWER)
fcntl.ioctl(device, UI_DEV_SETUP, struct.pack("4H80sI", 0x19, 1, 1, 1, sys.argv[1].encode(), 0))
fcntl.ioctl(device, UI_DEV_CREATE)
time.sleep(float(sys.argv[2]))
for value in (1, 0):
    for kind, code, number in ((EV_KEY, KEY_POWER, value), (EV_SYN, 0, 0)):
        os.write(device, struct.pack("qqHHi", 0, 0, kind, code, number))
time.sleep(float(sys.argv[2]))
"""
KEY = "modprobe uinput; /opt/vigil/bin/python /run/inside/press.py"
LOGIND = "systemctl is-active systemd-logind || true"


def test_the_button_switches_the_box_off_and_a_keyboard_does_not(tmp_path: Path):
    beside = {"press.py": PRESS.encode()}
    card = copy_of(built().image, tmp_path / "card.img", size_mib=2048, setup=SETUP, script=SHELL, beside=beside)

    with running(Machine(board="virt", card=card.path)) as guest:
        shell = Shell(guest)
        shell.wait()
        shell.until_recording()
        before = shell.ask(LOGIND)
        shell.ask(f"{KEY} 'a keyboard' 15")
        after_a_keyboard = shell.ask(LOGIND)
        shell.tell(f"{KEY} 'vigil power button' 30")
        guest.wait_until_off(timeout_s=300)

    assert (before, after_a_keyboard) == ("inactive", "inactive")
    assert "Reached target poweroff.target" in guest.told(), guest.told()
