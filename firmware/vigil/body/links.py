"""Which of the box's sockets and radios are connected, read below /sys."""

from __future__ import annotations

from pathlib import Path

_CONNECTED = {"up", "unknown"}
"""Drivers that cannot tell say ``unknown`` (Documentation/networking/operstates.rst)."""


def links(system: Path = Path("/sys")) -> dict[str, bool]:
    """Return each network device that one could touch, by its name, and whether it is connected."""
    devices = sorted((system / "class/net").glob("*/device"))  # bridges, tunnels and the loop have none
    return {device.parent.name: _state(device.parent / "operstate") in _CONNECTED for device in devices}


def _state(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""  # it was unplugged just now
