"""What a box needs once: directories, keys, a marked store, and its owner's wishes from the set-up file."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vigil.clock import SystemClock
from vigil.config.model import Camera, Config
from vigil.config.read import read_strict
from vigil.config.write import written
from vigil.errors import StoreFault, VigilError
from vigil.processes.clock_floor import raise_clock
from vigil.processes.group import share_with_ours
from vigil.processes.new_owner import follow
from vigil.processes.place import Place
from vigil.processes.remount import Writable, remounted
from vigil.processes.reset import SettingsReset, last_taken
from vigil.processes.signer import load_identity
from vigil.store.disk import UNREADABLE, Disk
from vigil.store.layout import MARKER
from vigil.store.marker import check_marker, make_store, write_marker
from vigil.upkeep.found_cameras import usb_cameras
from vigil.upkeep.setup_file import TAKEN, blanked, digest, has_secrets, taken_over

log = logging.getLogger(__name__)
_EMPTY = {"lost+found", f"{MARKER}.new"}
"""What a file system without recordings may hold: its own, and what a cut left of a marker."""


class FirstBoot:
    """Runs at every boot, and does what is not done yet. What fails is told; the next boot tries again."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        *,
        setup: Path,
        writable: Writable,
        is_there: Callable[[Path], bool] = os.path.ismount,
        plugged_in: Callable[[], tuple[Camera, ...]] = tuple,
        forget: Callable[[], object] = tuple,
    ) -> None:
        self._place = place
        self._disk = disk
        self._setup = setup
        self._writable = writable
        self._is_there = is_there
        self._plugged_in = plugged_in
        self._forget = forget
        self.faults: list[str] = []

    def run(self) -> None:
        """Do everything. Raises nothing for what it finds."""
        has_state, has_video = self._is_there(self._place.state), self._is_there(self._place.video)
        if has_state:
            self._guarded("starting over", self._forget)
            self._guarded("the state partition", self._prepare_state)
            self._guarded("the new owner", lambda: follow(self._place, self._disk))
            self._guarded("the set-up file", self._take_over)
            self._guarded("looking for cameras", self._adopt_cameras)
        else:
            self._fault("the state partition is not there: the box records on, without its past and without a name")
        if has_video:
            self._guarded("the video partition", lambda: self._prepare_video(has_state=has_state))
        else:
            self._fault("the video partition is not there: nothing can be recorded")

    def _prepare_state(self) -> None:
        # Everybody of the group makes files of its own here, and nobody takes away those of others.
        share_with_ours(self._place.state, 0o1770)
        if not self._place.identity_key.exists():
            load_identity(self._disk, self._place.identity_key)
        self._place.identity_key.parent.chmod(0o700)

    def _prepare_video(self, *, has_state: bool) -> None:
        video = self._place.video
        share_with_ours(video, 0o770)
        if not (video / MARKER).exists() and {entry.name for entry in video.iterdir()} <= _EMPTY:
            make_store(self._disk, video, os.urandom)
        if not has_state:
            return
        if known := self._place.known_store():
            self._mend_marker(known)
        else:
            # A new state knows no store yet; the partition beside it is the one.
            store_id = check_marker(self._disk, video, None)
            self._disk.replace(self._place.store_id, f"{store_id}\n".encode())
            share_with_ours(self._place.store_id, 0o640)

    def _mend_marker(self, store_id: str) -> None:
        """Write again a marker that the card has lost: nothing but the card's own partition is ever mounted here."""
        try:
            self._disk.read_bytes(self._place.video / MARKER)
        except StoreFault as fault:
            if fault.errno in UNREADABLE:
                self._fault(f"the marker of the store is written again: {fault}")
                write_marker(self._disk, self._place.video, store_id)

    def _take_over(self) -> None:
        """Take over the set-up file once; its secrets are blanked when they are safe where they belong."""
        try:
            setup = self._disk.read_bytes(self._setup)
        except StoreFault:
            return
        # A password filled in again where one was blanked does not change what the file is known by.
        if digest(setup) != last_taken(self._disk, self._place.state) or has_secrets(setup):
            files = self._place.config_files
            config = taken_over(setup, self._held())
            self._disk.replace(files.owners, written(config, head="taken over from the set-up file of the card"))
            # It holds passwords of cameras and networks.
            share_with_ours(files.owners, 0o640)
            self._disk.replace(self._place.state / TAKEN, (digest(setup) + "\n").encode())
            log.info("the set-up file was taken over")
        if has_secrets(setup):
            with self._writable(self._setup.parent), self._disk.change(self._setup) as file:
                file.write_at(0, blanked(setup))
                file.sync()
            log.info("passwords were removed from the set-up file")

    def _adopt_cameras(self) -> None:
        """Record what is plugged in, where the owner has named no camera. Once named, it stays."""
        owners = self._place.config_files.owners
        held = self._held()
        config = read_strict(held) if held is not None else Config()
        cameras = () if config.cameras else self._plugged_in()
        if cameras:
            config = replace(config, cameras=cameras)
            self._disk.replace(owners, written(config, head="with the cameras that were found plugged in"))
            share_with_ours(owners, 0o640)
            log.info("no camera was configured; these are plugged in: %s", ", ".join(one.device for one in cameras))

    def _held(self) -> bytes | None:
        """Return the configuration; None where there is none. Of one that the disk has lost, what was last applied."""
        files = self._place.config_files
        try:
            return self._disk.read_bytes(files.owners)
        except StoreFault as fault:
            if fault.errno == errno.ENOENT:
                return None
            self._fault(f"the configuration: {fault}")
            return self._disk.read_bytes(files.applied)

    def _guarded(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (VigilError, OSError, subprocess.SubprocessError) as error:
            self._fault(f"{what}: {error}")

    def _fault(self, words: str) -> None:
        log.error("%s", words)
        self.faults.append(words)


def _usb_cameras() -> tuple[Camera, ...]:
    command = ["udevadm", "info", "--export-db"]
    done = subprocess.run(command, check=True, timeout=30, capture_output=True, text=True, errors="replace")
    return usb_cameras(done.stdout)


def main(data: Path) -> int:
    """Do what is to be done once. The exit code is 1 where something of it could not be done."""
    disk, place, clock, setup = Disk(), Place(data), SystemClock(), Path("/boot/vigil.toml")
    try:
        raise_clock(disk, place, clock)
    except OSError as error:
        log.error("the clock cannot be set: %s", error)
    forget = SettingsReset(place, disk, clock, boot=setup.parent, writable=remounted).run
    first = FirstBoot(place, disk, setup=setup, writable=remounted, plugged_in=_usb_cameras, forget=forget)
    first.run()
    return 1 if first.faults else 0
