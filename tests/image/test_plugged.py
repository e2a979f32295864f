"""What is plugged into the box in the image: a stick takes its recordings away on a hold, a keyboard types nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from fakes.inside_shell import Shell
from fakes.panel_inside import journaled, press, until_journaled, wire
from fakes.qemu import Guest, emulated_for
from fakes.recording_box import cold, recording_box

# A start, and a hand that plugs things in: sockets of USB cannot be added to a machine that was kept.
pytestmark = emulated_for(2400, at_length=True)

SOCKETS = ("-device", "qemu-xhci,id=usb")
STICK_MIB = 256
VIGIL = "/opt/vigil/bin/vigil"


def plug(guest: Guest, what: str, name: str, **more: object) -> None:
    """Put a device into a socket, as a hand does."""
    with guest.qmp() as control:
        control.execute("device_add", driver=what, id=name, bus="usb.0", **more)


def unplug(guest: Guest, name: str) -> None:
    with guest.qmp() as control:
        control.execute("device_del", id=name)


def offer_stick(guest: Guest, target: Path) -> None:
    """Lay a blank stick beside the machine."""
    with target.open("wb") as file:
        file.truncate(STICK_MIB << 20)
    with guest.qmp() as control:
        control.execute(
            "blockdev-add",
            driver="raw",
            **{"node-name": "stick", "file": {"driver": "file", "filename": os.fspath(target)}},
        )


def put_stick_in(guest: Guest) -> None:
    plug(guest, "usb-storage", "stick", drive="stick", removable=True, serial="0815")


def authorized(shell: Shell, product: str) -> str:
    """Whether the kernel lets a device in, once it is there: 1 or 0."""
    at = "/sys/bus/usb/devices"
    found = f"grep -lF '{product}' {at}/*/product"
    shell.ask(f"until {found}; do sleep 1; done; udevadm settle")
    return shell.ask(f'cat "$(dirname "$({found})")/authorized"')


def test_a_stick_takes_recordings_away_and_a_keyboard_is_shut_out(tmp_path: Path):
    with cold(recording_box().overlay(tmp_path / "card.qcow2"), more=SOCKETS) as box:
        shell, guest = box.shell, box.guest
        shell.wait()
        shell.until_recording()
        wire(shell)

        plug(guest, "usb-kbd", "first")
        keyboard = authorized(shell, "QEMU USB Keyboard")
        refused = until_journaled(shell, "device.refused")
        typed = shell.ask("ls /sys/class/input | grep -c event || true")

        offer_stick(guest, tmp_path / "stick.img")
        put_stick_in(guest)
        until_journaled(shell, "device.refused", "storage")
        shell.ask(f"{VIGIL} stick prepare --yes --data /vigil /dev/sda", timeout_s=300)
        unplug(guest, "stick")
        until_journaled(shell, "device.unplugged")
        put_stick_in(guest)
        until_journaled(shell, "device.plugged", "stick")
        press(shell, 10.5)
        ended = until_journaled(shell, "export.ended", timeout_s=600)
        unplug(guest, "stick")

        shell.ask(f"{VIGIL} arm --data /vigil")
        until_journaled(shell, "arm.changed", ".after.:.armed_away.")
        plug(guest, "usb-kbd", "second")
        alarm = until_journaled(shell, "arm.changed", ".after.:.triggered.")
        devices = journaled(shell, "device.refused")
        shell.until_recording()

    print(f"{ended['segments']} segments, {ended['bytes'] >> 10} KiB on the stick")
    assert keyboard == "0" and typed == "0"
    assert refused["what"] == "keyboard", refused
    assert (ended["ended"], ended["segments"] > 0) == ("complete", True), ended
    assert [one["what"] for one in devices] == ["keyboard", "storage", "keyboard"], devices
    assert "keyboard" in str(alarm), alarm
    taken = tmp_path / "taken"
    taken.mkdir()
    offset = ["-i", str(tmp_path / "stick.img")]
    subprocess.run(["mcopy", "-s", "-n", *offset, "::/vigil", taken], check=True)
    (device,) = (taken / "vigil").iterdir()
    assert list(device.glob("video/bench/*/*/*/*.age"))
