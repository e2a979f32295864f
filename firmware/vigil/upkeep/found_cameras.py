"""Which cameras are plugged in: where an owner has named none, a USB camera is recorded without being asked for."""

from __future__ import annotations

from vigil.config.model import Camera

_BY_PATH = "S: v4l/by-path/"
_FIRST_NODE = "-video-index0"
"""A camera's first device gives pictures; the others are for words about them, or for other forms of them."""


def usb_cameras(database: str) -> tuple[Camera, ...]:
    """
    Return a camera for each USB camera in `database`, what `udevadm info --export-db` prints.

    The device is called by the socket it is plugged into: the same camera keeps
    its name over boots, and two of a kind, which often have no serial number,
    are not mistaken for each other.
    """
    devices = sorted(filter(None, (_device(entry.splitlines()) for entry in database.split("\n\n"))))
    ids = ["usb", *(f"usb-{number}" for number in range(2, len(devices) + 1))]
    return tuple(Camera(id=id_, source="v4l2", device=device) for id_, device in zip(ids, devices, strict=False))


def _device(entry: list[str]) -> str | None:
    if "E: ID_BUS=usb" not in entry:
        return None
    if not any(line.startswith("E: ID_V4L_CAPABILITIES=") and ":capture:" in line for line in entry):
        return None
    names = [line.removeprefix(_BY_PATH) for line in entry if line.startswith(_BY_PATH) and line.endswith(_FIRST_NODE)]
    # One socket may have several names; the shortest is the one that older systems had too.
    return f"/dev/v4l/by-path/{min(names, key=lambda name: (len(name), name))}" if names else None
