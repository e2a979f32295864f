"""Forgetting on purpose: dropping the bodies of old entries, whose hashes stay (docs/spec/journal.md, *Prune*)."""

from __future__ import annotations

import itertools

from vigil.segments.checkpoint import peek_checkpoint
from vigil.store.disk import Disk
from vigil.store.log_files import PER_FILE, LogFiles, first_number, lines, split_notes


def drop_bodies(disk: Disk, files: LogFiles, before: int) -> bool:
    """
    Delete the bodies of all entries before `before`; may be repeated after a fault (*Prune* 3 to 5).

    Returns whether there was anything to do.
    """
    gone = [number for number in files.entry_numbers() if (number + 1) * PER_FILE <= before]
    kept = _rest_of_file(disk, files, before)
    thinned = _thinned(disk, files, before)
    if not gone and kept is None and thinned is None:
        return False
    # The mark `pruned` must not be the younger one after a cut: missing bodies would be a loss.
    disk.sync_directory(files.directory)
    for number in gone:
        disk.unlink(files.entry_file(number))
    disk.sync_directory(files.entries)
    if kept is not None:
        disk.replace(files.entry_file(before // PER_FILE), kept)
    if thinned is not None:
        disk.replace(files.checkpoints, thinned)
    return True


def _rest_of_file(disk: Disk, files: LogFiles, before: int) -> bytes | None:
    """Return what stays of the file that holds entry `before`, None where all of it does."""
    number = before // PER_FILE
    path = files.entry_file(number)
    if not path.is_file():
        return None
    with disk.read(path) as file:
        surplus = before - first_number(file, number, before)
        if not surplus:
            return None
        at = next((at for at, _ in itertools.islice(lines(file), surplus, None)), file.size())
        return file.read_at(at, file.size() - at)


def _thinned(disk: Disk, files: LogFiles, before: int) -> bytes | None:
    """Return the checkpoints that bodies still belong to, and the newest in any case; None where all of them do."""
    notes, _ = split_notes(disk.read_bytes(files.checkpoints))
    kept = [note for note in notes[:-1] if peek_checkpoint(note).size > before] + notes[-1:]
    return None if len(kept) == len(notes) else "".join(note + "\n" for note in kept).encode()
