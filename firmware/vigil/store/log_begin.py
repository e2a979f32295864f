"""Beginning a log, and finding the one to go on with (docs/spec/journal.md, *Open* and *Begin*)."""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import FormatError, LogDamaged, StoreFault
from vigil.segments.checkpoint import Checkpoint, peek_checkpoint
from vigil.segments.note import NoteSigner, sign_note
from vigil.store.disk import UNREADABLE, Disk, named
from vigil.store.entry import SALT_BYTES, write_entry
from vigil.store.log_files import PART, Identity, LogFiles, find_logs, log_id_of, split_notes
from vigil.store.merkle import leaf_hash
from vigil.store.standing import Standing, survey
from vigil.store.tiles import Tiles

RandomBytes = Callable[[int], bytes]


def origin_prefix(device_id: str) -> str:
    """Return what all origins of a device begin with."""
    return f"vigil/{device_id}/"


def newest(disk: Disk, logs: Sequence[LogFiles]) -> LogFiles:
    """Return the log to go on with; raises `LogDamaged` where that cannot be told."""
    followed: set[str] = set()
    for files in logs:
        # A log whose origin cannot be read follows nobody that we know of; opening it will say that it is damaged.
        with contextlib.suppress(FormatError):
            followed.update(files.identity(disk).follows)
    left = [files for files in logs if files.directory.name not in followed and not files.closed.exists()]
    if len(left) != 1:
        raise LogDamaged("the newest log is gone" if not left else "there is more than one newest log")
    return left[0]


def contradiction(standing: Standing, floor: Checkpoint) -> str | None:
    """Return how the log, surveyed with `watch` at the size of `floor`, contradicts that checkpoint; or None."""
    if floor.origin != standing.identity.origin:
        if log_id_of(floor.origin) in standing.identity.follows:
            return None
        return f"the log {log_id_of(floor.origin)}, of which there is a checkpoint elsewhere, is not here"
    if floor.size > standing.tree.size:
        return f"{floor.size} entries were known elsewhere, and {standing.tree.size} are here"
    if standing.watched != floor.root:
        return f"the first {floor.size} entries are not those that were known elsewhere"
    return None


@dataclass(frozen=True, slots=True)
class Opening:
    """The log to write to; `began` where it is a new one, `loss` where that is because something is wrong."""

    standing: Standing
    began: bool
    loss: str | None


def go_on_or_begin(
    disk: Disk,
    directory: Path,
    *,
    device_id: str,
    random_bytes: RandomBytes,
    at_us: int,
    clock_trust: str,
    signer: NoteSigner,
    floor: Checkpoint | None,
    vouched: Mapping[str, str],
) -> Opening:
    """Return the newest log where it is good and does not contradict `floor`, else a new one."""
    remove_unborn(directory)
    if floor is not None and not floor.origin.startswith(origin_prefix(device_id)):
        floor = None
    loss = None
    try:
        if find_logs(directory):
            return Opening(_go_on(disk, directory, floor), began=False, loss=None)
        if floor is not None:
            loss = "all logs are gone, and there is a checkpoint of one elsewhere"
    except LogDamaged as error:
        loss = str(error)
    files = begin(
        disk,
        directory,
        device_id=device_id,
        random_bytes=random_bytes,
        at_us=at_us,
        clock_trust=clock_trust,
        signer=signer,
        loss=loss,
        floor=floor,
        vouched=vouched,
    )
    return Opening(survey(disk, files), began=True, loss=loss)


def _go_on(disk: Disk, directory: Path, floor: Checkpoint | None, *, tries: int = 2) -> Standing:
    """Return what stands in the newest log; raises `LogDamaged` where it cannot be gone on with."""
    try:
        files = newest(disk, find_logs(directory))
        standing = survey(disk, files, watch=None if floor is None else floor.size)
    except StoreFault as fault:
        if fault.errno not in UNREADABLE:
            raise
        if tries > 1:
            return _go_on(disk, directory, floor, tries=tries - 1)
        # Waiting will not make these bytes readable, and what happens from now on must be written down somewhere.
        raise LogDamaged(f"the newest log cannot be read: {fault}") from fault
    if floor is not None and (wrong := contradiction(standing, floor)):
        raise LogDamaged(wrong)
    return standing


def begin(
    disk: Disk,
    directory: Path,
    *,
    device_id: str,
    random_bytes: RandomBytes,
    at_us: int,
    clock_trust: str,
    signer: NoteSigner,
    loss: str | None,
    floor: Checkpoint | None,
    vouched: Mapping[str, str],
) -> LogFiles:
    """
    Make a new log, whose first entry names the logs before it and what was lost; it is durable on return.

    `vouched` has the fields `session` and `cert` of whoever signs its first
    checkpoint: there is no moment at which nobody could tell who did.
    """
    before = find_logs(directory)
    known = [each for files in before if not files.closed.exists() and (each := _last_known(disk, files))]
    follows = {files.directory.name for files in before}
    if floor is not None:
        known += [floor] if floor not in known else []
        follows.add(log_id_of(floor.origin))
    identity = Identity(origin_prefix(device_id) + random_bytes(16).hex(), tuple(sorted(follows)))
    fields = {
        "device": device_id,
        "origin": identity.origin,
        "follows": list(identity.follows),
        "known": [
            {"origin": each.origin, "size": each.size, "root": base64.b64encode(each.root).decode("ascii")}
            for each in known
        ],
        "loss": loss,
        **vouched,
    }
    line = write_entry(
        identity.log_id,
        0,
        "journal.opened",
        fields,
        at_us=at_us,
        clock=clock_trust,
        salt=random_bytes(SALT_BYTES),
    ).line
    part = LogFiles(directory / (identity.log_id + PART))
    _write_log(disk, part, identity, line, signer)
    files = LogFiles(directory / identity.log_id)
    disk.rename(part.directory, files.directory)
    disk.sync_directory(directory)
    for old in before:
        # They are followed already; the mark only helps should this new log be lost. An old log may be unwritable.
        with contextlib.suppress(StoreFault):
            if not old.closed.exists():
                disk.replace(old.closed, f"{identity.log_id}\n".encode())
    return files


def remove_unborn(directory: Path) -> None:
    """Remove logs that were being made when the power went: nobody was told of them."""
    for part in directory.glob("*" + PART):
        with named(part, "remove"):
            shutil.rmtree(part)


def _write_log(disk: Disk, part: LogFiles, identity: Identity, line: bytes, signer: NoteSigner) -> None:
    root = leaf_hash(line)
    note = sign_note(Checkpoint(identity.origin, 1, root).text(), signer)
    disk.make_directory(part.entries)
    for path, data in (
        (part.origin, identity.text().encode()),
        (part.entry_file(0), line + b"\n"),
        (part.checkpoints, f"{note}\n".encode()),
    ):
        with disk.create(path) as file:
            file.append(data)
            file.sync()
        disk.sync_directory(path.parent)
    tiles = Tiles(disk, part.tiles)
    try:
        tiles.extend([[root]])
        tiles.sync()
    finally:
        tiles.close()


def _last_known(disk: Disk, files: LogFiles) -> Checkpoint | None:
    """Return the newest checkpoint that a log's own files name, however damaged it is."""
    try:
        notes, _ = split_notes(disk.read_bytes(files.checkpoints))
        return peek_checkpoint(notes[-1]) if notes else None
    except (StoreFault, FormatError, LogDamaged):
        return None
