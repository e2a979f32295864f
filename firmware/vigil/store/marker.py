"""Is this our disk? Nothing is ever written to one that does not bear our marker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from vigil.errors import StoreFault, WrongStore
from vigil.store.disk import Disk
from vigil.store.layout import MARKER

_MOST_BYTES = 200
_ID = re.compile("[0-9a-f]{32}")


def check_marker(disk: Disk, video: Path, store_id: str | None) -> str:
    """
    Return the id of the store in `video`.

    `store_id` is the one we were given, None where nobody remembers. Raises
    `WrongStore` where there is no marker (the disk is not mounted, or is
    another one) or where it is another store's.
    """
    try:
        data = disk.read_bytes(video / MARKER)
    except StoreFault as error:
        raise WrongStore(
            f"{video} bears no marker of a Vigil store, so nothing is written there: is the right disk mounted? "
            f"To use it, run `vigil store adopt` ({error})"
        ) from error
    try:
        found = json.loads(data[:_MOST_BYTES])["store"]
    except (ValueError, KeyError, TypeError):
        found = ""
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise WrongStore(f"the marker {video / MARKER} is damaged: if it is our disk, run `vigil store adopt`")
    if store_id is not None and found != store_id:
        raise WrongStore(
            f"{video} is the store {found[:8]}…, we were given {store_id[:8]}…: mount the right disk, "
            "or run `vigil store adopt` to change over"
        )
    return found


def store_of(disk: Disk, video: Path, store_id: str | None = None) -> str:
    """Return the id of the store in `video`; empty where it has none, or is not the one that we were given."""
    try:
        return check_marker(disk, video, store_id)
    except WrongStore:
        return ""


def write_marker(disk: Disk, video: Path, store_id: str) -> None:
    """Let `video` be the store `store_id`."""
    disk.replace(video / MARKER, (json.dumps({"store": store_id}) + "\n").encode())


def make_store(disk: Disk, video: Path, random_bytes: Callable[[int], bytes]) -> str:
    """Make `video` a store where it is none yet; return its id."""
    disk.make_directory(video)
    if not (video / MARKER).exists():
        write_marker(disk, video, random_bytes(16).hex())
    return check_marker(disk, video, None)
