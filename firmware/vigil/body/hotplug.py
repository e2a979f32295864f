"""What is plugged into the box, made of what the kernel and udev say of it; and names for cameras that stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

LABEL = "VIGIL-STICK"
"""The label of a prepared stick's file system (docs/spec/stick.md)."""

AT_MOST = 64
_LONGEST = 64
_WORST = (
    ("03", "keyboard"),
    ("02", "network"),
    ("0a", "network"),
    ("e0", "network"),
    ("08", "storage"),
    ("01", "sound"),
)
"""What a device that was refused is called by, when udev's verdict does not say: the worst of its interfaces."""

_NO_SERIALS = re.compile(
    "(sn)?[0-]*[0-9]?|(sn)?(0*123456789?0?(abcdef?)?)|[0-9]{1,2}(\\.[0-9]{1,2}){1,3}|(.)\\6*", re.I
)
"""Serial numbers that are none: 0001, SN0001, 01.00.00, 1234567890, the same character over and over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One USB device as it is found: its sysfs name, udev's properties, its attributes, and what hangs below it."""

    port: str
    properties: Mapping[str, str]
    attributes: Mapping[str, str]
    labels: Sequence[str] = ()
    """Labels of the file systems on disks below it that have no partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The same in our words; the fields are those of the hub's message."""

    name: str
    number: int
    kind: str
    let_in: bool
    vendor: str
    product: str
    serial: str
    port: str
    classes: str
    words: str


def devices(found: Iterable[Raw]) -> list[Device]:
    """
    Return what is plugged in, by socket; root hubs are the box itself and are left out.

    A host without our verdict in udev's database (a plain host) has nothing to
    tell: there nobody let anything in or refused it.
    """
    made = [
        _device(raw) for raw in found if raw.attributes.get("devpath", "0") != "0" and "VIGIL_USB" in raw.properties
    ]
    made = sorted(made, key=lambda one: one.port)[:AT_MOST]
    times = Counter(one.name for one in made)
    # Two with one serial number cannot both be called by it.
    return [replace(one, name=_by_port(one)) if times[one.name] > 1 else one for one in made]


def camera_devices(cameras: Sequence[Mapping[str, str]]) -> list[str]:
    """
    Return the device name that stays, for each camera's first video device, given by its udev properties.

    By serial number where it is one of its own and no other that is plugged in has it; else by socket: two of a kind
    without serial numbers are told apart by nothing else. Empty where udev has no name for it.
    """
    times = Counter(_whose(one) for one in cameras)
    return [_link(one, "by-id" if _whose(one) and times[_whose(one)] == 1 else "by-path") for one in cameras]


def is_serial(text: str) -> bool:
    """Say whether a serial number is one that its maker gave to one device alone, as far as can be told."""
    return bool(text) and not _NO_SERIALS.fullmatch(text.strip())


def _whose(properties: Mapping[str, str]) -> str:
    serial = properties.get("ID_SERIAL_SHORT", "")
    if not is_serial(serial):
        return ""
    return ":".join((properties.get("ID_VENDOR_ID", ""), properties.get("ID_MODEL_ID", ""), serial))


def _link(properties: Mapping[str, str], way: str) -> str:
    links = [one for one in properties.get("DEVLINKS", "").split() if one.startswith(f"/dev/v4l/{way}/")]
    # One socket may have several names; the shortest is the one that older systems had too.
    return min(links, key=lambda link: (len(link), link), default="")


def _device(raw: Raw) -> Device:
    properties, attributes = raw.properties, raw.attributes
    classes = properties.get("ID_USB_INTERFACES", "").strip(":")
    let_in = attributes.get("authorized") == "1"
    kind = properties.get("VIGIL_USB_KIND") or "other"
    if let_in and kind == "disk" and LABEL in raw.labels:
        kind = "stick"
    elif not let_in and properties.get("VIGIL_USB") == "in":
        # Let in to be looked at, or on its word, and thrown out since.
        kind = _worst(classes)
    made = Device(
        name="", number=_number(attributes.get("devnum", "")), kind=_print(kind), let_in=let_in,
        vendor=_print(attributes.get("idVendor", "")), product=_print(attributes.get("idProduct", "")),
        serial=_print(attributes.get("serial", "")), port=raw.port, classes=_print(classes.replace(":", " ")),
        words=_print(f"{attributes.get('manufacturer', '')} {attributes.get('product', '')}".strip()),
    )  # fmt: skip
    by_serial = f"{made.vendor}:{made.product}-{made.serial}" if is_serial(made.serial) else _by_port(made)
    return replace(made, name=by_serial)


def _by_port(one: Device) -> str:
    return f"{one.vendor}:{one.product}@{one.port}"


def _worst(classes: str) -> str:
    have = {one[:2] for one in classes.split(":")}
    return next((kind for class_, kind in _WORST if class_ in have), "other")


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


def _print(text: str) -> str:
    """What a device says of itself is a stranger's word: one line, of characters that can be printed, and not long."""
    return "".join(one if one.isprintable() else "?" for one in text)[:_LONGEST]
