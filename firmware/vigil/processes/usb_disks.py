"""Letting USB disks in for as long as a command of the owner's needs one; the box itself throws them out."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)
RUN = Path("/run/vigil-usb")
DISKS = "disks"
_PATIENCE_S = 30


@contextmanager
def disks_let_in(run: Path = RUN) -> Iterator[None]:
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
        # The kernel looks for a disk behind what it lets in, and udev then reads it.
        _udev("settle", "--timeout=20")
        yield
    finally:
        (run / DISKS).unlink(missing_ok=True)
        _udev("trigger", "--action=change", "--subsystem-match=block")


def _udev(*words: str) -> None:
    try:
        subprocess.run(["udevadm", *words], check=True, capture_output=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("udev was not asked to look again: %s", error)
