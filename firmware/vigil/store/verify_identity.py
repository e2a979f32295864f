"""Whose signatures count: the identity somebody brings along, or else the one that lies beside the recordings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vigil.errors import FormatError, StoreFault
from vigil.segments.note import NoteKey
from vigil.segments.session import device_id, identity_name
from vigil.store.disk import Disk
from vigil.store.layout import IDENTITY

_LIMIT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Believed:
    """The identity that is believed and why; `trouble` where something about it is not right."""

    key: NoteKey | None
    why: str
    trouble: str | None = None


def read_identity(text: str) -> NoteKey:
    """Return the identity in a verifier key line. Raises `FormatError`."""
    key = NoteKey.parse(text.strip())
    if key.name != identity_name(device_id(key.public)):
        raise FormatError(
            f"this verifier key is called {key.name}, which is not what a recorder with this key is called"
        )
    return key


def believe(disk: Disk, pinned: NoteKey | None, beside: Path | None) -> Believed:
    """
    Return whom to believe.

    `pinned` comes from somebody who knows the recorder; `beside` is where the
    recordings' own identity file should lie, None where they lie nowhere.
    """
    found, trouble = _beside(disk, beside)
    if pinned is None:
        if found is None:
            return Believed(None, "no identity is known, so nobody vouches for any key", trouble)
        return Believed(found, "believed because it lies beside the recordings; give --identity to be sure")
    if found is not None and found != pinned:
        trouble = f"the identity beside the recordings is {found.name}, not the one that was given"
    return Believed(pinned, "as given", trouble)


def _beside(disk: Disk, path: Path | None) -> tuple[NoteKey | None, str | None]:
    if path is None or not path.is_file():
        return None, None
    try:
        with disk.read(path) as file:
            text = file.read_at(0, _LIMIT_BYTES).decode()
        return read_identity(text), None
    except (FormatError, StoreFault, UnicodeDecodeError) as error:
        return None, f"the identity beside the recordings ({path}) cannot be read: {error}"


def identity_beside(video: Path | None, directories: list[Path]) -> Path | None:
    """Return where the identity file lies: in the store, or beside loose files."""
    places = [video] if video else directories
    return next((place / IDENTITY for place in places if (place / IDENTITY).is_file()), None)
