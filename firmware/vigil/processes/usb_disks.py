"""Letting USB disks in for as long as a command of the owner's needs one; the box itself throws them out."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)
RUN = Path("/run/vigil-usb")
DISKS = "disks"
_PATIENCE_S = 30
_ROUNDS, _ROUND_S = 40, 0.25


@contextmanager
def disks_let_in(run: Path = RUN, drivers: Path = Path("/sys/bus/usb/drivers")) -> Iterator[None]:
    """
    Let disks in that were refused, and refuse none meanwhile; on a host without our rules this does nothing.

    Behind the block the disks that are still there are looked at again, and go.
    """
    if not run.is_dir():
        yield
        return
    (run / DISKS).touch()
    try:
        _udev("trigger", "--action=add", "--subsystem-match=usb")
        _udev("settle", "--timeout=20")
        _wait_for_disks(drivers)
        _udev("settle", "--timeout=20")
        yield
    finally:
        (run / DISKS).unlink(missing_ok=True)
        _udev("trigger", "--action=change", "--subsystem-match=block")


def _wait_for_disks(drivers: Path) -> None:
    """Wait for the disk behind each storage device: the kernel gives it a second to come to itself before it looks."""
    moment = threading.Event()
    for _ in range(_ROUNDS):
        found = [one for name in ("usb-storage", "uas") for one in (drivers / name).glob("*:*")]
        if all(any(one.resolve().glob("host*/target*/*/block/*")) for one in found):
            return
        moment.wait(_ROUND_S)
    log.warning("not every USB disk that was let in has answered")


def _udev(*words: str) -> None:
    try:
        subprocess.run(["udevadm", *words], check=True, capture_output=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("udev was not asked to look again: %s", error)
