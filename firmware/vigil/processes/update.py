"""Takes an update: proves it, notes what is about to be done, lets RAUC write it, and makes it the next to be tried."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vigil.clock import Clock
from vigil.errors import FormatError, StoreError, UpdateError, UpdateRefused
from vigil.processes.place import Place
from vigil.processes.rauc import Rauc, Stranger
from vigil.processes.tellings import tell
from vigil.store.disk import Disk
from vigil.upkeep.bundle import HEAD_BYTES, TAIL_BYTES, Bundle, Running, objection, shape_of
from vigil.upkeep.keyring import Keyring, make_keyring, revoked_ids
from vigil.upkeep.slots import Slot, SlotState
from vigil.upkeep.update_record import Phase, Record, decode, encode

log = logging.getLogger(__name__)
BUILT_IN = Path("/usr/share/vigil/update")
KEYRING_PLACE = Path("/run/vigil-update")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What runs: from which slot, what that is, the state of the slots, and whether a network is reached."""

    slot: Slot
    running: Running
    state: SlotState
    has_network: bool


class Records:
    """The record of the last update, and what the journal is told of it."""

    def __init__(self, place: Place, disk: Disk, clock: Clock) -> None:
        self._place = place
        self._disk = disk
        self._clock = clock

    def read(self) -> Record:
        """The last update; an empty record where nothing is known."""
        try:
            return decode(self._disk.read_bytes(self._place.update / "record.json"))
        except (StoreError, FormatError):
            return Record()

    def keep(self, record: Record, event: str = "", **more: str) -> None:
        """Note it, durably, then tell the journal. Raises `StoreError`."""
        self._disk.make_directory(self._place.update)
        self._disk.replace(self._place.update / "record.json", encode(record))
        if event:
            fields = {"version": record.version, "before": record.before, "slot": str(record.slot or ""), **more}
            self.tell(event, fields | ({"why": record.why} if record.why else {}))

    def tell(self, event: str, fields: Mapping[str, str]) -> None:
        """Tell the journal alone."""
        tell(self._disk, self._place.tellings, event, fields, at_us=self._clock.wall_us())


class Updates:
    """One box and its updates."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        clock: Clock,
        *,
        rauc: Rauc,
        here: Callable[[], Here],
        built_in: Path = BUILT_IN,
        scratch: Path = KEYRING_PLACE,
    ) -> None:
        self.records = Records(place, disk, clock)
        self._place = place
        self._disk = disk
        self._rauc = rauc
        self._here = here
        self._built_in = built_in
        self._scratch = scratch

    def look(self) -> Here:
        """What runs here."""
        return self._here()

    def install(self, source: str, progress: Callable[[int, str], None]) -> Bundle:
        """
        Install from `source`: a path, or an http(s) address, which is read as it is needed.

        Raises `UpdateRefused` where nothing was changed, and `UpdateError` where the other slot may be half written
        and is not started.
        """
        with self._alone():
            return self._install(source, self._here(), progress)

    def _install(self, source: str, here: Here, progress: Callable[[int, str], None]) -> Bundle:
        try:
            bundle = self.proved(source, here)
        except UpdateRefused as refused:
            self.records.tell("update.refused", {"source": source, "why": str(refused)})
            raise
        record = Record(
            phase=Phase.INSTALLING, version=bundle.version, before=here.running.version, slot=here.slot.other,
            source=source, had_network=here.has_network,
        )  # fmt: skip
        try:
            self._disk.make_directory(self._place.state / "rauc")
            self.records.keep(record, "update.began", source=source)
        except StoreError as error:
            raise UpdateRefused(f"what is about to be done cannot be noted: {error}") from error
        try:
            self._rauc.install(source, progress)
        except UpdateError as error:
            self.records.keep(replace(record, phase=Phase.FAILED, why=str(error)), "update.failed")
            raise
        self.records.keep(replace(record, phase=Phase.INSTALLED), "update.installed")
        return bundle

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One update at a time. Raises `UpdateRefused`."""
        try:
            self._disk.make_directory(self._place.update)
            lock = self._disk.try_lock(self._place.update / "lock")
        except StoreError as error:
            raise UpdateRefused(f"nothing can be noted on the state partition: {error}") from error
        if lock is None:
            raise UpdateRefused("another update is being installed")
        try:
            yield
        finally:
            self._disk.unlock(lock)

    def proved(self, source: str, here: Here) -> Bundle:
        """Return what is in a bundle that this box may take. Raises `UpdateRefused` with the reason."""
        if here.state.trial is here.slot:
            raise UpdateRefused("this system is on trial itself: wait until it has proved itself, or roll back")
        if "://" not in source and (wrong := _outside(Path(source))):
            raise UpdateRefused(f"{source}: {wrong}")
        keyring = self.keyring()
        if not keyring.trusted:
            raise UpdateRefused("no key is left whose signature this box would take")
        try:
            bundle = self._rauc.info(source, self._written("keyring.pem", keyring.pem))
        except Stranger as stranger:
            raise UpdateRefused(self._who_is(stranger, source, keyring)) from stranger
        if wrong := objection(bundle, here.running):
            raise UpdateRefused(f"{source}: {wrong}")
        return bundle

    def keyring(self) -> Keyring:
        """Whose signature counts. A key that a newer system knew to be revoked stays so after a roll-back."""
        builtin, ours = self._built_in, self._place.update
        texts = [_text(builtin / "revoked.txt"), _text(ours / "revoked.txt")]
        known, new = revoked_ids(texts[1]), revoked_ids(texts[0])
        if new - known:
            lines = "".join(f"{key_id}\n" for key_id in sorted(known | new))
            try:
                self._disk.make_directory(ours)
                self._disk.replace(ours / "revoked.txt", lines.encode())
            except StoreError as error:
                log.error("revoked keys are not remembered: %s", error)
        added = sorted((ours / "keys").glob("*.pem"))
        return make_keyring([_bytes(path) for path in (builtin / "publishers.pem", *added)], texts)

    def _who_is(self, stranger: Stranger, source: str, keyring: Keyring) -> str:
        if keyring.revoked:
            try:
                self._rauc.info(source, self._written("everybody.pem", keyring.everybody))
            except UpdateRefused:
                return str(stranger)
            names = ", ".join(f"{key.name} {key.key_id[:12]}" for key in keyring.revoked)
            return f"the update is signed by a key that was revoked ({names})"
        return str(stranger)

    def _written(self, name: str, pem: bytes) -> Path:
        """Where RAUC finds it: in memory, made anew each time."""
        self._scratch.mkdir(mode=0o755, parents=True, exist_ok=True)
        path = self._scratch / name
        path.with_suffix(".new").write_bytes(pem)
        path.with_suffix(".new").rename(path)
        return path


def _outside(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(HEAD_BYTES)
            file.seek(max(0, size - TAIL_BYTES))
            return shape_of(head, file.read(TAIL_BYTES), size)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _text(path: Path) -> str:
    return _bytes(path).decode(errors="replace")
