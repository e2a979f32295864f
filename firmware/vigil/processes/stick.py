"""Taking recordings away on a prepared stick: found, mounted, copied to, let go; and guard hears how far it is."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import vigil
from vigil.clock import Clock
from vigil.errors import SealError, StickRefused, StoreError
from vigil.events import Exporting
from vigil.out.stick_copy import Box, Copied, Export
from vigil.out.stick_files import Stopped
from vigil.out.stick_plan import MARKER, Marker, read_marker, refusal
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.segments.note import NoteKey
from vigil.segments.session import device_id
from vigil.store.disk import Disk
from vigil.store.layout import IDENTITY
from vigil.store.marker import check_marker

log = logging.getLogger(__name__)
LABEL = "VIGIL-STICK"
BY_LABEL = Path("/dev/disk/by-label") / LABEL
FILE_SYSTEM = "vfat"
_PATIENCE_S = 60


class Teller:
    """Says to guard how far it is. Guard away, it is copied all the same; `stop` ends it behind the piece at hand."""

    def __init__(self, place: Place, stop: threading.Event, show: Callable[[int, Copied], None]) -> None:
        self._hub = HubClient(place.hub, "stick", version=vigil.__version__)
        self._stop = stop
        self._show = show
        self.stick = ""

    def told(self, done_pm: int, copied: Copied) -> None:
        """Tell it; raises `Stopped` where that is wanted."""
        self._say(
            Exporting(
                state="running", done_pm=done_pm, segments=copied.segments, bytes=copied.bytes, stick=self.stick
            )
        )  # fmt: skip
        self._show(done_pm, copied)
        if self._stop.is_set():
            raise Stopped

    def ended(self, state: str, why: str, copied: Copied) -> None:
        """Tell how it ended. The stick can be taken out now."""
        self._say(
            Exporting(
                state=state, done_pm=1000, segments=copied.segments, bytes=copied.bytes, stick=self.stick, words=why
            )
        )
        self._hub.close()

    def _say(self, message: Exporting) -> None:
        self._hub.connect()
        self._hub.send(message)
        # What guard says to all is not for us, and must not fill the socket.
        self._hub.receive()


def find(by_label: Path = BY_LABEL) -> Path:
    """Return the device of the prepared stick that is plugged in. Raises `StickRefused` where there is none."""
    if not by_label.exists():
        raise StickRefused("no stick that `vigil stick prepare` has made is plugged in")
    return by_label.resolve()


@contextmanager
def mounted(device: Path, at: Path, *, file_system: str = FILE_SYSTEM) -> Iterator[Path]:
    """Give the directory `at` with the stick in it; behind the block all of it is durable, and it can be pulled."""
    at.mkdir(parents=True, exist_ok=True)
    options = "nodev,nosuid,noexec" + (",umask=0077" if file_system == "vfat" else "")
    _run("mount", "-t", file_system, "-o", options, os.fspath(device), os.fspath(at))
    try:
        yield at
    finally:
        # Unmounting writes what is still to be written; one that fails must not say that the stick can be pulled.
        _run("umount", os.fspath(at))


def copy(place: Place, recipients: Sequence[str], at: Path, *, clock: Clock, teller: Teller) -> Copied:
    """Copy to the stick that is mounted at `at`. Raises `StickRefused` and `StoreError` where nothing was begun."""
    disk = Disk()
    marker = marker_of(at)
    teller.stick = marker.stick
    stat = os.statvfs(at)
    if why := refusal(marker, recipients, total_bytes=stat.f_blocks * stat.f_frsize):
        raise StickRefused(why)
    store = check_marker(disk, place.video, place.known_store())
    try:
        identity = NoteKey.parse(disk.read_bytes(place.video / IDENTITY).decode().strip())
    except (SealError, StoreError, ValueError) as error:
        raise StickRefused(f"the box does not know yet who it is, so nobody could check the copy: {error}") from error
    box = Box(place.video, place.journal, device_id(identity.public), store)
    export = Export(box, at, box_disk=disk, stick=disk, clock=clock, told=teller.told, version=vigil.__version__)
    return export.run()


def marker_of(at: Path) -> Marker:
    """Return the marker of a stick. Raises `StickRefused` where there is none that can be read."""
    try:
        return read_marker(Disk().read_bytes(at / MARKER))
    except (StoreError, SealError) as error:
        raise StickRefused(f"this is no stick that `vigil stick prepare` has made: {error}") from error


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.CalledProcessError as error:
        raise StickRefused(f"{command[0]}: {(error.stderr or '').strip() or error}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise StickRefused(f"{command[0]}: {error}") from error
