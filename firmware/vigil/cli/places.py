"""Which store a command means, and which of its cameras."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.config.files import ConfigFiles, boot
from vigil.config.model import Config
from vigil.errors import ConfigError
from vigil.processes.place import Place
from vigil.segments.note import NoteKey
from vigil.store.disk import Disk
from vigil.store.layout import MARKER, cameras_in
from vigil.store.verify_identity import believe, identity_beside

CANNOT = 2
"""Exit code: the command could not be carried out."""


@dataclass(frozen=True, slots=True)
class Store:
    """`video` is the store; `place` the data directory it belongs to, None for a store that lies alone."""

    video: Path
    place: Place | None

    def cameras(self) -> list[str]:
        """Return the cameras that have recordings here."""
        return cameras_in(self.video)

    def identity(self, disk: Disk) -> NoteKey | None:
        """Return the identity that lies beside the recordings."""
        return believe(disk, None, identity_beside(self.video, [])).key


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data`."""
    parser.add_argument(
        "--data", metavar="DIR", type=Path, default=default_data_dir(),
        help="data directory, or a card's video directory alone (%(default)s)",
    )  # fmt: skip


def find_store(data: Path) -> Store:
    """
    Return the store that `data` is, or that the configuration in it names.

    Nothing is written and no mistake in the configuration is in the way.
    Raises `ConfigError` where there is no store.
    """
    if (data / MARKER).is_file():
        return Store(data, None)
    place = place_of(data)
    if not place.video.is_dir():
        raise ConfigError([f"there are no recordings in {data}: name the data directory with --data"])
    return Store(place.video, place)


def place_of(data: Path) -> Place:
    """Return where things lie in a data directory, as a recorder that starts now would have it."""
    return Place(data, config_of(data).storage.video_dir)


def config_of(data: Path) -> Config:
    """Return the configuration that a recorder would have that starts now."""
    return boot(ConfigFiles.below(data), Disk().read_bytes, _write_nothing).config


def chosen_cameras(store: Store, camera: str | None) -> list[str]:
    """Return the camera that was named, or all. Raises `ConfigError` where there is none of that name, or none."""
    found = store.cameras()
    if not found:
        raise ConfigError([f"there is no camera with recordings in {store.video}"])
    if camera is None:
        return found
    if camera not in found:
        raise ConfigError([f"there are no recordings of {camera} in {store.video}; there are of {', '.join(found)}"])
    return [camera]


def one_camera(store: Store, camera: str | None) -> str:
    """Return the camera that was named, or the only one. Raises `ConfigError`."""
    found = chosen_cameras(store, camera)
    if len(found) > 1:
        raise ConfigError([f"which camera? Give --camera with one of {', '.join(found)}"])
    return found[0]


def _write_nothing(_path: Path, _data: bytes) -> None:
    """Looking at a store changes nothing on the disk."""
