"""Forgetting on purpose: dropping the bodies of old entries, whose hashes stay (docs/spec/journal.md, *Prune*)."""

from __future__ import annotations

import itertools
from typing import Any

from vigil.errors import FormatError
from vigil.segments.checkpoint import peek_checkpoint
from vigil.segments.note import NoteKey, from_base64, split_note
from vigil.store.disk import Disk
from vigil.store.entry import read_entry
from vigil.store.journal_read import LogReader
from vigil.store.log_files import PER_FILE, LogFiles, first_number, lines, split_notes


def certificates_to_repeat(reader: LogReader, before: int) -> list[dict[str, Any]]:
    """
    Return `session` and `cert` of entries before `before` that checkpoints which stay still need.

    Their keys signed those checkpoints; without the certificates no reader could tell whose they are.
    """
    kept = [note for note in reader.notes() if peek_checkpoint(note).size > before]
    signed = {(name, key_id) for note in kept for name, key_id, _ in split_note(note)[1]}
    found: dict[str, dict[str, Any]] = {}
    for _, seq, line in reader.lines(reader.first_kept):
        if seq >= before:
            break
        if b'"cert":"' not in line:
            continue
        fields = read_entry(reader.log_id, seq, line).fields
        session, cert = fields.get("session"), fields.get("cert")
        if isinstance(session, str) and any((name, _key_id(name, session)) in signed for name, _ in signed):
            found[session] = {"session": session, "cert": cert}
    return list(found.values())


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


def _key_id(name: str, session: str) -> bytes:
    try:
        return NoteKey(name, from_base64(session)).id
    except FormatError:
        return b""
