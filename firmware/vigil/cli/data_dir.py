"""Where this host keeps what belongs to Vigil, where nobody says."""

from __future__ import annotations

from pathlib import Path


def default_data_dir() -> Path:
    """Return the data directory of a command that is not told one: the box's own, or a demo's below here."""
    # The image's own place first, then that of a recorder installed on a host.
    installed = [place for place in (Path("/vigil"), Path("/var/lib/vigil")) if place.is_dir()]
    return installed[0] if installed else Path("var/demo")
