"""NUT's configuration for the UPS that its scanner found: read and written as text, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass

USER = "vigil"

_SECTION = re.compile(r"\[[^\]]+\]")
_SETTING = re.compile(r'([a-z_]+) = "([^"]*)"')
_DRIVER = re.compile(r"[a-z0-9_-]{1,32}")
_ID = re.compile(r"[0-9A-Fa-f]{4}")
# In ups.conf it is a pattern; a serial number of other letters is left out rather than taken for one.
_SERIAL = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Device:
    """A UPS as `nut-scanner` describes it. Unknown is empty."""

    driver: str
    vendor_id: str
    product_id: str
    serial: str = ""
    words: str = ""


def found(scanned: str) -> list[Device]:
    """Return what `nut-scanner -U -N` printed: sections as in ups.conf. What is not understood is left out."""
    devices: list[Device] = []
    for section in _SECTION.split(scanned)[1:]:
        values = dict(_SETTING.findall(section))
        driver, serial = values.get("driver", ""), values.get("serial", "")
        ids = values.get("vendorid", ""), values.get("productid", "")
        if _DRIVER.fullmatch(driver) and all(_ID.fullmatch(one) for one in ids):
            words = " ".join(part for key in ("vendor", "product") if (part := values.get(key, "").strip()))
            known = serial if _SERIAL.fullmatch(serial) else ""
            devices.append(Device(driver, *ids, known, "".join(c for c in words if c.isprintable())[:100]))
    return devices


def files(device: Device, *, name: str, port: int, password: str) -> dict[str, str]:
    """Return NUT's files by name: a driver for `device`, called `name`, and a server for this box alone."""
    # Bus and device number change when it is plugged in elsewhere, so they are left out.
    match = {"vendorid": device.vendor_id, "productid": device.product_id, "serial": device.serial}
    section = [f'    {key} = "{value}"' for key, value in match.items() if value]
    head = [f"# {device.words}".rstrip(), "maxretry = 3", "", f"[{name}]", f"    driver = {device.driver}"]
    return {
        "nut.conf": "# Driver and server; who watches them and shuts down is Vigil.\nMODE=netserver\n",
        "ups.conf": "\n".join([*head, "    port = auto", *section, ""]),
        "upsd.conf": f"LISTEN 127.0.0.1 {port}\nMAXAGE 15\n",
        "upsd.users": f"[{USER}]\n    password = {password}\n    upsmon secondary\n",
    }
