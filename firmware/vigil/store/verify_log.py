"""
Asking the journal: first whether it is itself as it was written, then what it knows of the segments.

Only entries below the log's own newest signed checkpoint are believed, and
none of a log that is not whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigil.errors import FormatError, JournalError, LogFork, SealError, StoreFault
from vigil.segments.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from vigil.segments.note import NoteKey, split_note
from vigil.segments.session import open_certificate
from vigil.store.disk import Disk
from vigil.store.entry import read_entry
from vigil.store.journal_check import LogVerdict, check_journal
from vigil.store.journal_read import LogReader, read_logs
from vigil.store.log_files import log_id_of
from vigil.store.verify_journal import Anchor, Known, Named
from vigil.store.whose import Whose


@dataclass(slots=True)
class Asked:
    """What the journal said. `troubles` are failures, `notes` is what a reader should know besides; sentences all."""

    known: Known | None = None
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint that somebody outside holds, verified, and who that is."""

    checkpoint: Checkpoint
    by: str


def ask_journal(
    disk: Disk, directory: Path | None, identity: NoteKey | None, outside: Sequence[Path], *, store: str | None = None
) -> Asked:
    """
    Return what the journal in `directory` knows, confronted with the checkpoints in the files `outside`.

    It is asked of `store` alone; empty where the recordings lie in a store that bears no marker, None where they lie
    in no store at all.
    """
    asked = Asked()
    if identity is None or directory is None:
        why = "no identity is known" if identity is None else "there is no journal to compare it with"
        asked.troubles += [f"the checkpoint {path} proves nothing: {why}" for path in outside]
        return asked
    try:
        _ask(asked, disk, directory, identity, outside, store=store)
    except (StoreFault, JournalError, FormatError) as error:
        asked.known = None
        asked.troubles.append(f"the journal cannot be read: {error}")
    return asked


def confront(disk: Disk, directory: Path | None, named: Iterable[Named]) -> list[str]:
    """
    Hold the journal against the checkpoints that recorders had seen; return how it contradicts them.

    They are signed with the statements they stand in, so a journal that was
    rolled back is exposed by any segment that was opened later.
    """
    if directory is None:
        return []
    readers = {reader.origin: reader for reader in read_logs(directory, disk=disk)}
    followed = {log_id for reader in readers.values() for log_id in reader.identity.follows}
    wrong = []
    for one in named:
        try:
            seen = peek_checkpoint(one.note)
            if seen.origin in readers:
                readers[seen.origin].confront(seen)
            elif log_id_of(seen.origin) not in followed:
                raise LogFork(f"the log {seen.origin} is not here, and none that is here says that it was lost")
        except (JournalError, FormatError, StoreFault) as error:
            wrong.append(f"segment {one.seq} of {one.camera} names a checkpoint that the journal contradicts: {error}")
    return wrong


def _ask(
    asked: Asked, disk: Disk, directory: Path, identity: NoteKey, outside: Sequence[Path], *, store: str | None
) -> None:
    readers = read_logs(directory, disk=disk)
    certified = {key for reader in readers for key in _certified(reader, identity)}
    keys = [NoteKey(identity.name, public) for public in sorted(certified)]
    held = [one for path in outside if (one := _held(path, keys, identity, asked))]
    verdicts = {one.log_id: one for one in check_journal(directory, keys, [one.checkpoint for one in held], disk=disk)}
    losses = _stated_losses(readers)
    for verdict in verdicts.values():
        _tell(asked, verdict, stated=verdict.log_id in losses)
    good = [reader for reader in readers if verdicts[reader.log_id].ok]
    stores, whose, anchors = dict[str, Known](), Whose(), list[Anchor]()
    for reader in good:
        anchors += _take(stores, whose, reader, verdicts[reader.log_id], held)
    known = _of_store(asked, stores, store)
    known.certified = certified
    known.anchor = max(anchors, key=lambda one: one.until_us, default=None)
    known.whole = (
        (not stores or any(known is each for each in stores.values()))
        and len(good) == len(verdicts) > 0
        and all(reader.first_kept == 0 and verdicts.keys() >= set(reader.identity.follows) for reader in good)
    )
    if held and known.anchor is None and not asked.troubles:
        asked.notes.append("the checkpoint is older than anything the journal still tells of: it anchors nothing here")
    asked.known = known


def _certified(reader: LogReader, identity: NoteKey) -> Iterator[bytes]:
    """Yield the keys that the identity certified; what others certified was only passed on, and counts for nothing."""
    for _, seq, line in reader.lines():
        if b'"cert":"' not in line:
            continue
        with contextlib.suppress(SealError):
            note = read_entry(reader.log_id, seq, line).fields.get("cert")
            yield open_certificate(note if isinstance(note, str) else "", identity).public


def _held(path: Path, keys: Sequence[NoteKey], identity: NoteKey, asked: Asked) -> Held | None:
    try:
        note = path.read_text(encoding="utf-8")
        checkpoint = open_checkpoint(note, keys)
    except (OSError, UnicodeDecodeError, SealError) as error:
        asked.troubles.append(f"the checkpoint {path} is not one of this recorder's journal: {error}")
        return None
    names = {name for name, _, _ in split_note(note)[1]} - {identity.name}
    return Held(checkpoint, ", ".join(sorted(names)) or f"whoever keeps {path.name}")


def _stated_losses(readers: Sequence[LogReader]) -> set[str]:
    """Return the logs of which a newer one says in its first entry that they were lost or damaged."""
    stated: set[str] = set()
    for reader in readers:
        first = next(reader.entries(), None) if reader.first_kept == 0 else None
        if first is not None and first.kind == "journal.opened" and first.fields.get("loss"):
            stated.update(reader.identity.follows)
    return stated


def _tell(asked: Asked, verdict: LogVerdict, *, stated: bool) -> None:
    if verdict.ok:
        asked.notes.append(f"journal {verdict.log_id}: {verdict.size} entries, all as they were written")
    contradicted = any(problem.error == "LogFork" for problem in verdict.problems)
    if stated and verdict.problems and not contradicted:
        asked.notes.append(
            f"journal {verdict.log_id} is damaged; the recorder noticed, and began a new one that says so"
        )
        return
    asked.troubles += [f"journal {verdict.log_id}: {problem.text}" for problem in verdict.problems]


def _take(
    stores: dict[str, Known], whose: Whose, reader: LogReader, verdict: LogVerdict, held: Sequence[Held]
) -> list[Anchor]:
    """Take the entries of a good log into what is known of their `stores`, as far as it signed them."""
    anchored = verdict.anchored.size if verdict.anchored else 0
    signed = max(anchored, verdict.signed.size if verdict.signed else 0)
    for _, seq, line in reader.lines():
        if seq >= signed:
            break
        if b'"kind":"segment.' in line or b'"store":"' in line:
            entry = read_entry(reader.log_id, seq, line)
            of = whose.of(entry.kind, entry.fields)
            if of and "" in stores:
                # What was said before any store was named is of the first one.
                stores[of] = stores.pop("")
            stores.setdefault(of, Known()).take(entry.kind, seq, entry.fields, covered=seq < anchored)
    if not verdict.anchored or anchored <= reader.first_kept:
        return []
    last = next(reader.entries(anchored - 1))
    by = ", ".join(sorted({one.by for one in held if one.checkpoint == verdict.anchored}))
    return [Anchor(anchored, last.at_us, by)]


def _of_store(asked: Asked, stores: dict[str, Known], store: str | None) -> Known:
    """Return what is known of `store`; a journal in which no store is named speaks of the only one there was."""
    if store in stores:
        return stores[store]
    if "" in stores or not stores:
        return stores.get("", Known())
    if store:
        asked.troubles.append(
            f"the journal, as far as it is signed, does not know the store {store[:8]}… in which these recordings lie, "
            "so it vouches for none of them (of a disk that is new it knows within two minutes)"
        )
        return Known()
    if len(stores) == 1:
        return next(iter(stores.values()))
    says = f"the journal tells of {len(stores)} disks, and it is not known from which one these recordings are"
    if store is None:
        asked.notes.append(f"{says}: what is missing among them is not told")
    else:
        asked.troubles.append(f"{says}, since the marker of the store is gone")
    return Known(others=list(stores.values()))
