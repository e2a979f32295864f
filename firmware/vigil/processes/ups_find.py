"""Finding the UPS on the USB sockets, and writing down for NUT how to read it."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from vigil.body.nut_files import Device, files, found
from vigil.config.model_ups import Ups as Settings
from vigil.errors import UpsLost
from vigil.processes.group import share_with_ours
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
PLACE = "nut"
UNITS = ("vigil-nut-driver.service", "vigil-nut-server.service")
_SCAN_S = 120


def scan(words: tuple[str, ...] = ("nut-scanner",)) -> list[Device]:
    """Return the UPSes that are plugged in by USB. Raises `UpsLost` where nobody can look."""
    try:
        done = subprocess.run(
            [*words, "-U", "-N", "-q"], check=False, capture_output=True, text=True, errors="replace", timeout=_SCAN_S
        )
    except OSError as error:
        raise UpsLost("silent", f"there is no nut-scanner here, which looks for a UPS ({error.strerror})") from error
    except subprocess.TimeoutExpired as late:
        raise UpsLost("silent", f"nut-scanner has not ended within {_SCAN_S} s") from late
    if not (devices := found(done.stdout)):
        log.debug("nut-scanner ended with %d: %s", done.returncode, done.stderr.strip())
    return devices


class Finding:
    """Writes NUT's files below the state directory. `random_bytes(n)` makes the password."""

    def __init__(self, state: Path, disk: Disk, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self.place = state / PLACE
        self._disk = disk
        self._random_bytes = random_bytes

    def write(self, device: Device, settings: Settings) -> None:
        """
        Let NUT read `device` under the name and at the port of `settings`. Raises `StoreError`.

        A password that was made before stays. ups.conf comes last: without it nothing is started.
        """
        self._disk.make_directory(self.place)
        share_with_ours(self.place, 0o750)
        password = self._random_bytes(16).hex()
        contents = files(device, name=settings.ups_name, port=settings.nut_port, password=password)
        for name in ("nut.conf", "upsd.users", "upsd.conf", "ups.conf"):
            path = self.place / name
            if name == "upsd.users" and path.exists():
                continue
            self._disk.replace(path, contents[name].encode())
            share_with_ours(path, 0o640)


def restart_units(run: Callable[..., object] = subprocess.run) -> None:
    """Let the box read the UPS from now on."""
    run(["systemctl", "--no-block", "restart", *UNITS], check=False, capture_output=True, timeout=30)
