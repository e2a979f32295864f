"""`vigil store`: take a directory into use for recordings, show what lies in it, and make the index again."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vigil.cli.listing import count
from vigil.cli.places import CANNOT, add_data, place_of
from vigil.cli.store_show import run_show
from vigil.cli.verify_print import size
from vigil.clock import Clock, SystemClock
from vigil.errors import ConfigError, StoreError, VigilError
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.index import Index, index_path
from vigil.store.ingest import new_statements
from vigil.store.layout import MARKER, SegmentPath, cameras_in, segments_of
from vigil.store.marker import make_store, store_of

OK = 0
JOURNAL_LOCK = "lock"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `store` and its commands; each sets `run`, a function from the arguments to an exit code."""
    store = subparsers.add_parser(
        "store", help="take a disk into use for recordings; what it keeps and for how long; make the index again"
    )
    commands = store.add_subparsers(metavar="COMMAND", required=True)
    words = "let this recorder record into a directory: give it a marker, or take over the one it bears"
    adopt = commands.add_parser("adopt", help=words, description=words)
    adopt.add_argument("directory", metavar="DIR", type=Path, nargs="?", help="the one that storage.video_dir names")
    add_data(adopt)
    adopt.add_argument("--yes", action="store_true", help="also where there are recordings in it already")
    adopt.set_defaults(run=run_adopt)
    words = "show what each camera keeps, how much a day that is, and when the disk will be full"
    show = commands.add_parser("show", help=words, description=words)
    add_data(show)
    show.add_argument("--json", action="store_true", help="print it as JSON")
    show.set_defaults(run=run_show)
    words = "make the index again from the journal; the index can be deleted at any time"
    rebuild = commands.add_parser("rebuild", help=words, description=words)
    add_data(rebuild)
    rebuild.set_defaults(run=run_rebuild)


def run_adopt(args: argparse.Namespace) -> int:
    """Adopt the directory that the configuration names."""
    disk, place = Disk(), place_of(args.data)
    try:
        print(adopt(disk, place, args.directory, yes=args.yes))
        print(f"{size(disk.free_bytes(place.video))} are free there.")
    except VigilError as error:
        return _cannot(error)
    return OK


def adopt(disk: Disk, place: Place, directory: Path | None, *, yes: bool) -> str:
    """
    Make `place.video` the store of `place`; return what was done, in a sentence.

    Raises `ConfigError` where it is another directory than the one named, or
    where recordings lie in it and nobody said yes.
    """
    video = place.video
    if directory is not None and directory.resolve() != video.resolve():
        setting = f'[storage] video_dir = "{directory.absolute()}"'
        raise ConfigError([f"{directory} is not where recordings go (they go to {video}): set {setting} first"])
    known, found = place.known_store(), store_of(disk, video)
    if found and found == known:
        return f"{video} is this recorder's store already ({found[:8]}…)."
    recordings = {camera: segments for camera in cameras_in(video) if (segments := segments_of(video / camera))}
    if recordings and not yes:
        what = ", ".join(f"{count(len(segments), 'segment')} of {camera}" for camera, segments in recordings.items())
        then = "deleted when space is short, like this recorder's own. If that is what you want, say --yes"
        raise ConfigError([f"there are recordings in {video} already ({what}): they would be counted, and {then}"])
    if not found and (video / MARKER).exists():
        disk.unlink(video / MARKER)
    store_id = make_store(disk, video, os.urandom)
    disk.make_directory(place.state)
    disk.replace(place.store_id, f"{store_id}\n".encode())
    done = f"took over the store {found[:8]}… in" if found else "made a store in"
    return f"This recorder {done} {video} (marker {store_id[:8]}…, remembered in {place.store_id})."


def run_rebuild(args: argparse.Namespace) -> int:
    """Make the index again while guard is not at work."""
    place = place_of(args.data)
    try:
        print(rebuild(Disk(), place, SystemClock()))
    except VigilError as error:
        return _cannot(error)
    return OK


def rebuild(disk: Disk, place: Place, clock: Clock) -> str:
    """Make the index of `place` again; return what was taken in, in a sentence. Raises `VigilError`."""
    if not place.journal.is_dir():
        raise ConfigError([f"there is no journal in {place.journal}, so there is nothing to make an index from"])
    lock = disk.try_lock(place.journal / JOURNAL_LOCK)
    if lock is None:
        raise StoreError("guard is at work on journal and index: stop the recorder first")
    try:
        began_us = clock.steady_us()
        with Index.open(index_path(place.state)) as index:
            entries = index.rebuild(place.journal)
            seconds = (clock.steady_us() - began_us) / 1_000_000
            stores, cameras = index.stores(), index.cameras()
            segments = sum(len(index.segments(one, 0, 1 << 62, store=store)) for store in stores for one in cameras)
            waiting = _waiting(disk, place, index)
    finally:
        disk.unlock(lock)
    words = (
        f"{count(entries, 'entry').replace('entrys', 'entries')} of the journal taken in within {seconds:.1f} s; "
        f"the index {index_path(place.state).name} knows {count(segments, 'segment')}"
        f"{f' on {len(stores)} disks' if len(stores) > 1 else ''}."
    )
    if waiting:
        what = f"{count(waiting, 'statement')} beside the recordings"
        words += f"\n{what} are not in the journal yet: guard enters them when it starts."
    return words


def _waiting(disk: Disk, place: Place, index: Index) -> int:
    """Count what sidecars say that the journal does not have yet; nothing where the disk is not ours."""

    def passed_over(_segment: SegmentPath, _line: int, _why: str) -> None:
        """What is wrong in a sidecar is for `vigil check` to tell."""

    store = store_of(disk, place.video, place.known_store())
    cursors = index.cursors(store=store if index.store_in_use() else "")
    return sum(
        1
        for camera in (cameras_in(place.video) if store else ())
        for _ in new_statements(
            disk, place.video, camera, cursors.get(camera, (0, -1)), is_durable=lambda _: True, on_bad=passed_over
        )
    )


def _cannot(error: VigilError) -> int:
    print(f"vigil store: {error}", file=sys.stderr)
    return CANNOT
