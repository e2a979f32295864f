"""The one door to pyudev: that something was plugged in, and all that is plugged in now."""

from __future__ import annotations

from typing import Any

from vigil.body.hotplug import Raw
from vigil.errors import DeviceError

_ATTRIBUTES = ("devpath", "devnum", "authorized", "idVendor", "idProduct", "serial", "manufacturer", "product")


class Udev:
    """
    The kernel's events, as a reason to look, and udev's database, to look at.

    The kernel's own events reach a process in a network of its own, udev's do
    not; that udev has not judged yet when one comes is no matter to somebody
    who looks again.
    """

    def __init__(self) -> None:
        """Raises `DeviceError` where the system has no udev."""
        try:
            import pyudev

            self._context: Any = pyudev.Context()
            self._monitor: Any = pyudev.Monitor.from_netlink(self._context, source="kernel")
            for subsystem in ("usb", "block", "video4linux"):
                self._monitor.filter_by(subsystem)
            self._monitor.start()
        except (ImportError, OSError) as error:
            raise DeviceError(f"what is plugged in cannot be watched: {error}") from error

    def fileno(self) -> int:
        """Return the descriptor that can be read when something happened."""
        return int(self._monitor.fileno())

    def happened(self) -> bool:
        """Say whether anything happened since this was asked last."""
        found = False
        # Bounded: whoever makes events as fast as we read them does not keep us here.
        for _ in range(256):
            try:
                if self._monitor.poll(timeout=0) is None:
                    break
            except OSError:
                found = True  # the kernel had more to tell than it keeps: all the more reason to look
                break
            found = True
        return found

    def usb(self) -> list[Raw]:
        """Return the USB devices there are, root hubs among them. What goes while it is read is left out."""
        labels = self._labels()
        found = []
        for device in self._context.list_devices(subsystem="usb", DEVTYPE="usb_device"):
            attributes = {name: text for name in _ATTRIBUTES if (text := self._attribute(device, name))}
            if "devnum" in attributes:
                own = tuple(labels.get(device.sys_path, ()))
                raw = Raw(port=device.sys_name, properties=dict(device.properties), attributes=attributes, labels=own)
                found.append(raw)
        return found

    def cameras(self) -> list[dict[str, str]]:
        """Return udev's properties of the first video device of each USB camera."""
        found = self._context.list_devices(subsystem="video4linux", ID_BUS="usb")
        properties = [dict(device.properties) for device in found if self._attribute(device, "index") == "0"]
        return [one for one in properties if ":capture:" in one.get("ID_V4L_CAPABILITIES", "")]

    def close(self) -> None:
        """Hear of nothing more. (pyudev closes the socket when it is forgotten.)"""
        self._monitor = None

    def _labels(self) -> dict[str, list[str]]:
        """Labels of file systems on whole disks, by the USB device that the disk belongs to."""
        found: dict[str, list[str]] = {}
        for disk in self._context.list_devices(subsystem="block", DEVTYPE="disk"):
            if label := disk.properties.get("ID_FS_LABEL"):
                usb = disk.find_parent("usb", "usb_device")
                if usb is not None:
                    found.setdefault(usb.sys_path, []).append(label)
        return found

    @staticmethod
    def _attribute(device: Any, name: str) -> str:
        try:
            return bytes(device.attributes.get(name) or b"").decode(errors="replace").strip()
        except OSError:
            return ""
