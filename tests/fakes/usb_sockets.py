"""
The sockets of a box, played through umockdev: real pyudev and libudev, a pretended sysfs, pretended events.

Run by itself under `umockdev-wrapper`, with Debian's Python, which has umockdev's bindings; prints what it saw as JSON.
"""

from __future__ import annotations

import json
import sys

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

from vigil.body.hotplug import camera_devices, devices  # noqa: E402
from vigil.body.hotplug_udev import Udev  # noqa: E402

BED = UMockdev.Testbed.new()


def plug(port: str, number: int, kind: str, *, authorized: str = "1", serial: str = "") -> str:
    """Put a device into a socket; return its place in sysfs."""
    attributes = {
        "devpath": port.partition("-")[2], "devnum": str(number), "authorized": authorized, "idVendor": "0781",
        "idProduct": "5581", "serial": serial, "manufacturer": "SanDisk", "product": "Ultra",
    }  # fmt: skip
    properties = {
        "DEVTYPE": "usb_device", "VIGIL_USB": "in" if authorized == "1" else "out", "VIGIL_USB_KIND": kind,
        "ID_USB_INTERFACES": ":080650:",
    }  # fmt: skip
    return BED.add_device("usb", port, None, flat(attributes), flat(properties))


def flat(pairs: dict[str, str]) -> list[str]:
    """Return names and values, one after the other, as umockdev wants them."""
    return [word for pair in pairs.items() for word in pair]


def main() -> None:
    """Plug, look, unplug, look."""
    udev = Udev()
    seen: dict[str, object] = {"quiet": udev.happened()}
    usb = plug("1-1", 4, "disk", serial="4C530001")
    BED.uevent(usb, "add")
    seen["happened"] = udev.happened()
    seen["only once"] = udev.happened()
    block = ["DEVTYPE", "disk", "ID_FS_LABEL", "VIGIL-STICK", "ID_BUS", "usb", "DEVNAME", "/dev/sdb"]
    BED.add_device("block", "sdb", usb, ["size", "1000"], block)
    plug("1-2", 5, "keyboard", authorized="0")
    camera = [
        "DEVNAME", "/dev/video0", "ID_BUS", "usb", "ID_V4L_CAPABILITIES", ":capture:", "ID_SERIAL_SHORT", "A1B2C3D4",
        "DEVLINKS", "/dev/v4l/by-path/p-video-index0 /dev/v4l/by-id/i-video-index0",
    ]  # fmt: skip
    BED.add_device("video4linux", "video0", usb, ["index", "0"], camera)
    seen["devices"] = [[one.port, one.kind, one.let_in, one.name, one.number] for one in devices(udev.usb())]
    seen["cameras"] = camera_devices(udev.cameras())
    BED.set_attribute("/sys/devices/1-2", "authorized", "1")
    seen["let in"] = [one.let_in for one in devices(udev.usb())]
    BED.remove_device(usb)
    seen["left"] = [one.port for one in devices(udev.usb())]
    seen["descriptor"] = udev.fileno() > 0
    udev.close()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
