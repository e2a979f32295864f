"""What the files of a box say of it while guard, who would know, is away. Nothing is written, and nothing is judged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.clock import Clock
from vigil.clock.kernel import boot_id
from vigil.clock.trust import Trust
from vigil.config.files import ConfigFiles, boot
from vigil.config.read import Salvage
from vigil.errors import FormatError, StoreError
from vigil.guard.health_memory import restored
from vigil.guard.moment import Moment
from vigil.guard.probes import FAULTS
from vigil.guard.standing import Standing
from vigil.processes.card_errors import Told as ToldOfCard
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.layout import cameras_in, segments_of
from vigil.store.marker import check_marker
from vigil.upkeep.card_errors import complaint
from vigil.upkeep.update_record import decode


@dataclass(frozen=True, slots=True)
class LastWord:
    """The newest statement of a camera's recorder: in which segment, and how many seconds ago it was written."""

    camera: str
    segment: int = 0
    ago_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """
    What is found. `stood` are the faults that stood when guard last kept them, `troubles` what is wrong by the files.

    Bytes are -1 where the disk cannot be asked.
    """

    cameras: tuple[LastWord, ...]
    stood: tuple[Standing, ...]
    troubles: tuple[str, ...]
    free_bytes: int
    total_bytes: int


def read_files(data: Path, disk: Disk, clock: Clock) -> Files:
    """Look at the files of the box in `data`. Never raises for what they hold."""
    salvage = boot(ConfigFiles.below(data), disk.read_bytes, _write_nothing)
    place = Place(data, salvage.config.storage.video_dir)
    names = {camera.id for camera in salvage.config.cameras if camera.enabled} | set(cameras_in(place.video))
    try:
        usage = shutil.disk_usage(place.video)
        total, free = usage.total, usage.free
    except OSError:
        total = free = -1
    return Files(
        cameras=tuple(_last_word(place.video, name, clock) for name in sorted(names)),
        stood=tuple(_stood(place, disk, clock)), troubles=tuple(_troubles(place, disk, salvage)),
        free_bytes=free, total_bytes=total,
    )  # fmt: skip


def _last_word(video: Path, camera: str, clock: Clock) -> LastWord:
    try:
        newest = segments_of(video / camera)[-1]
        written_s = newest.seal.stat().st_mtime
    except (IndexError, OSError):
        return LastWord(camera)
    return LastWord(camera, newest.seq, max(0.0, clock.wall_us() / 1_000_000 - written_s))


def _stood(place: Place, disk: Disk, clock: Clock) -> list[Standing]:
    now = Moment(clock.steady_us(), clock.wall_us(), Trust.UNSYNCED)
    try:
        return restored(disk.read_bytes(place.health), FAULTS, boot=boot_id(), now=now)[1]
    except (StoreError, FormatError):
        return []


def _troubles(place: Place, disk: Disk, salvage: Salvage) -> Iterator[str]:
    yield from (f"configuration: {words}" for words in salvage.faults)
    try:
        check_marker(disk, place.video, place.known_store())
    except StoreError as error:
        yield f"store: {error}"
    if words := complaint(ToldOfCard(place, disk).read()):
        yield f"card: {words}"
    try:
        if words := decode(disk.read_bytes(place.update / "record.json")).complaint:
            yield f"update: {words}"
    except (StoreError, FormatError):
        pass  # there never was an update, or nobody can tell


def _write_nothing(_path: Path, _data: bytes) -> None:
    """Looking changes nothing."""
