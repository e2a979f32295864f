"""
Starting over, at a start of the box: what a file on the card asks for, and the forgetting of settings.

Erasing p7 and p8 is the work of whoever opens them (`partitions.py`): they are
only marked here, when nothing of them is open yet. docs/design/reset.md has
the steps, and what a cut after each of them leaves.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from vigil.clock import Clock
from vigil.config.model import Config
from vigil.config.write import written
from vigil.errors import ConfigError, DeviceError, FormatError, ResetRefused, StoreError, StoreFault
from vigil.processes.group import share_with_ours
from vigil.processes.place import Place
from vigil.processes.remount import Writable, remounted
from vigil.processes.settings import load
from vigil.processes.tellings import tell
from vigil.store.disk import UNREADABLE, Disk
from vigil.upkeep.block_devices import MAPPER, Card, Tool, card_of_root
from vigil.upkeep.opening import STATE
from vigil.upkeep.partition_table import Stage, read_table, with_stage
from vigil.upkeep.reset import FILE, NOTE, Note, Tier, asked, crossed_out, is_used_up, surplus, voided
from vigil.upkeep.setup_file import TAKEN

log = logging.getLogger(__name__)
SETUP = "vigil.toml"
_DATA_PARTITIONS = (8, 7)


def mark(card: Card) -> dict[int, Stage]:
    """
    Let p8 and p7 be forgotten at the next start; return what they were. Raises `ResetRefused`, `DeviceError`.

    p7 comes last: as long as it is whole, the box knows what it is.
    """
    try:
        table = read_table(card.read_sector)
        before = {number: Stage(table[number].type) for number in _DATA_PARTITIONS}
    except (FormatError, KeyError, ValueError) as error:
        raise ResetRefused("p7 and p8 of the card are not ours, so they are not erased: flash the card") from error
    try:
        for number in _DATA_PARTITIONS:
            card.write_sectors(with_stage(card.read_sector, number, Stage.FORGET))
    except DeviceError:
        unmark(card, before)
        raise
    return before


def unmark(card: Card, before: dict[int, Stage]) -> None:
    """Let the partitions be what they were. Raises `DeviceError`."""
    for number, stage in before.items():
        card.write_sectors(with_stage(card.read_sector, number, stage))


def forget_setup(disk: Disk, boot: Path, taken: str | None) -> None:
    """Empty the set-up file in place where it belongs to what is forgotten. p1 is writable. Raises `StoreFault`."""
    path = boot / SETUP
    if not path.exists():
        return
    setup = disk.read_bytes(path)
    if is_used_up(setup, taken):
        _write_in_place(disk, path, voided(setup))
        log.info("the set-up file on the card is emptied")


def on_card(disk: Disk, boot: Path) -> Tier | None:
    """Return what the file on p1 asks for. Raises `FormatError` for words that ask for nothing clear."""
    try:
        return asked(disk.read_bytes(boot / FILE))
    except StoreFault:
        return None


def cross_out(disk: Disk, boot: Path) -> None:
    """What the file on p1 asks for is taken up, so it asks no more. p1 is writable. Raises `StoreFault`."""
    path = boot / FILE
    _write_in_place(disk, path, crossed_out(disk.read_bytes(path)))


@contextmanager
def _or_not_at_all(writable: Writable, boot: Path, undo: Callable[[], None]) -> Iterator[None]:
    """Let p1 be written; where what is done meanwhile fails, undo what is done so far. Raises `ResetRefused` then."""
    try:
        with writable(boot):
            yield
    except (StoreError, DeviceError, OSError) as error:
        # Not crossed out it would be carried out at every start, for ever.
        undo()
        raise ResetRefused(f"{FILE} cannot be crossed out on the card, so nothing is forgotten: {error}") from error


def _write_in_place(disk: Disk, path: Path, content: bytes) -> None:
    with disk.change(path) as file:
        file.write_at(0, content)
        file.sync()


class EverythingAskedOnCard:
    """Takes up what the file on p1 asks for, before p7 and p8 are opened. `taken` looks into p7 without mounting it."""

    def __init__(
        self, card: Card, disk: Disk, *, boot: Path, writable: Writable, taken: Callable[[], str | None]
    ) -> None:
        self._card = card
        self._disk = disk
        self._boot = boot
        self._writable = writable
        self._taken = taken

    def run(self) -> bool:
        """Take it up; say whether anything was asked for. Raises `ResetRefused`, `DeviceError`: nothing is marked."""
        if on_card(self._disk, self._boot) is not Tier.EVERYTHING:
            return False
        taken = self._taken()
        before = mark(self._card)
        with _or_not_at_all(self._writable, self._boot, undo=lambda: unmark(self._card, before)):
            forget_setup(self._disk, self._boot, taken)
            cross_out(self._disk, self._boot)
        log.warning("everything on this card but the system itself is forgotten now, as %s asked", FILE)
        return True


class SettingsReset:
    """Forgets settings at a start, when p7 is mounted and nobody reads it yet."""

    def __init__(self, place: Place, disk: Disk, clock: Clock, *, boot: Path, writable: Writable) -> None:
        self._place = place
        self._disk = disk
        self._clock = clock
        self._boot = boot
        self._writable = writable

    def run(self) -> bool:
        """Do what was asked for; say whether anything was. Raises `StoreError`, `FormatError`, `ResetRefused`."""
        note = self._place.state / NOTE
        if not note.exists() and on_card(self._disk, self._boot) is Tier.SETTINGS:
            self._take_up(note)
        if not note.exists():
            return False
        try:
            said = Note.decode(self._disk.read_bytes(note))
        except (FormatError, StoreFault) as error:
            # What the disk has lost will not be found at the next start either.
            if isinstance(error, FormatError) or error.errno in UNREADABLE:
                self._remove(note)
            raise
        self._forget()
        tell(self._disk, self._place.tellings, "reset.done", {"tier": Tier.SETTINGS, "by": said.by},
             at_us=self._clock.wall_us())  # fmt: skip
        self._remove(note)
        log.warning("the settings of this box are forgotten, as was asked for")
        return True

    def _take_up(self, note: Path) -> None:
        """From p1 to p7: from here on it is carried out once, whatever the power does."""
        self._disk.replace(note, Note("card").encode())
        with _or_not_at_all(self._writable, self._boot, undo=lambda: self._remove(note)):
            cross_out(self._disk, self._boot)

    def _forget(self) -> None:
        # Whose the box is comes first: what remembers it now is about to go.
        owner = load(self._place.data, self._disk).salvage.config.owner
        owners = self._place.config_files.owners
        self._disk.replace(owners, written(replace(Config(), owner=owner), head="since the settings were forgotten"))
        share_with_ours(owners, 0o640)
        state = self._place.state
        for name in surplus(_names(state), of_updates=_names(self._place.update)):
            if state / name != owners:
                remove_tree(self._disk, state / name)
        self._disk.sync_directory(state)

    def _remove(self, note: Path) -> None:
        self._disk.unlink(note)
        self._disk.sync_directory(note.parent)


def remove_tree(disk: Disk, path: Path) -> None:
    """Remove a file, or a directory with all in it; links are not followed. Raises `StoreFault`."""
    if path.is_dir() and not path.is_symlink():
        for name in _names(path):
            remove_tree(disk, path / name)
        disk.sync_directory(path)
        disk.remove_directory(path)
    else:
        disk.unlink(path)


def _names(directory: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return sorted(entry.name for entry in os.scandir(directory))
    return []


def last_taken(disk: Disk, state: Path) -> str:
    """Return what p7, mounted at `state`, says of the set-up file that was taken over last; "" where none ever was."""
    try:
        return disk.read_bytes(state / TAKEN).decode(errors="replace").strip()
    except StoreFault:
        return ""


def setup_taken_over(tool: Tool, card: Card, mapper: Path = MAPPER) -> str | None:
    """Return what `last_taken` would, mounting nothing; None where p7 cannot be asked."""
    name = "vigil-reset"
    opened = mapper / name
    try:
        tool.run("integritysetup", "open", *STATE.open_flags, str(card.partition(STATE.number)), name, limit_s=60)
        try:
            _, said = tool.run("debugfs", "-R", f"cat {TAKEN}", str(opened), limit_s=60)
        finally:
            with suppress(DeviceError):
                tool.run("integritysetup", "close", name, limit_s=60)
    except DeviceError as error:
        log.warning("p7 cannot be asked for what it remembers: %s", error)
        return None
    if found := re.search(r"^[0-9a-f]{64}$", said, re.MULTILINE):
        return found[0]
    # It ends well whatever it found; where there is no such file, nothing was ever taken over.
    return "" if "File not found" in said else None


def main(boot: Path) -> int:
    """Take up what the file on p1 asks for. The exit code is 1 where it could not be."""
    tool, card = Tool(), Card(card_of_root())
    what = EverythingAskedOnCard(
        card, Disk(), boot=boot, writable=remounted, taken=lambda: setup_taken_over(tool, card)
    )
    try:
        what.run()
    except (FormatError, ConfigError, DeviceError, ResetRefused) as error:
        log.error("%s", error)
        return 1
    return 0
