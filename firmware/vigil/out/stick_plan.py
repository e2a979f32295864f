"""What is to be copied to a stick, and whether this is a stick to copy to. Deciding only: `stick_copy.py` copies."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vigil.errors import FormatError
from vigil.store.layout import SegmentPath

MARKER = "vigil-stick.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What `vigil stick prepare` puts on a stick: its number, and the fingerprints of those it is for."""

    stick: str
    recipients: tuple[str, ...]
    capacity_bytes: int
    prepared_us: int

    def data(self) -> bytes:
        """Return it as it lies on the stick."""
        said = {
            "format": FORMAT, "stick": self.stick, "recipients": list(self.recipients),
            "capacity_bytes": self.capacity_bytes, "prepared_us": self.prepared_us,
        }  # fmt: skip
        return (json.dumps(said, sort_keys=True) + "\n").encode()


def read_marker(data: bytes) -> Marker:
    """Return the marker that `data` is. Raises `FormatError`."""
    read = _json(data)
    stick, recipients = read.get("stick"), read.get("recipients")
    capacity, prepared = read.get("capacity_bytes"), read.get("prepared_us")
    if read.get("format") != FORMAT:
        raise FormatError("the stick was prepared by another version of Vigil: prepare it anew")
    if not isinstance(stick, str) or not isinstance(recipients, list) or type(capacity) is not int:
        raise FormatError(f"{MARKER} on the stick is damaged: prepare the stick anew")
    if type(prepared) is not int or not all(isinstance(one, str) for one in recipients):
        raise FormatError(f"{MARKER} on the stick is damaged: prepare the stick anew")
    return Marker(stick=stick[:32], recipients=tuple(recipients), capacity_bytes=capacity, prepared_us=prepared)


def fingerprint(recipient: str) -> str:
    """Return the fingerprint of a recipient (``age1…``): 16 hex digits of its SHA-256."""
    return hashlib.sha256(recipient.encode()).hexdigest()[:16]


def refusal(marker: Marker, recipients: Iterable[str], *, total_bytes: int) -> str:
    """Say why nothing may be copied to this stick, or nothing: `recipients` are those that the box seals to."""
    ours = {fingerprint(one) for one in recipients}
    if not ours:
        return "this box has no owner yet, so there is nothing to copy"
    if not ours & set(marker.recipients):
        return "the stick was prepared for another owner: prepare it with the recipient that this box seals to"
    if total_bytes < marker.capacity_bytes:
        return "the stick has less room than when it was prepared: it is another one, or it is failing"
    return ""


@dataclass(frozen=True, slots=True)
class Upto:
    """How far each camera of each store was exported: the highest number that is done."""

    done: Mapping[str, Mapping[str, int]]

    @classmethod
    def read(cls, data: bytes | None) -> Upto:
        """Return what `exported.json` says. What cannot be read says that nothing was: then all of it is compared."""
        try:
            upto = _json(data or b"{}").get("upto")
        except FormatError:
            upto = None
        if not isinstance(upto, dict):
            return cls({})
        stores = {store: one for store, one in upto.items() if isinstance(one, dict)}
        numbers = {
            store: {camera: seq for camera, seq in one.items() if type(seq) is int} for store, one in stores.items()
        }
        return cls(numbers)

    def of(self, store: str, camera: str) -> int:
        """Return the number up to which a camera is done; 0 where nothing is."""
        return self.done.get(store, {}).get(camera, 0)

    def after(self, store: str, camera: str, seq: int) -> Upto:
        """Return the same with this segment done too."""
        cameras = {**self.done.get(store, {}), camera: max(seq, self.of(store, camera))}
        return Upto({**self.done, store: cameras})

    def data(self) -> bytes:
        """Return it as it lies on the stick."""
        return (json.dumps({"format": FORMAT, "upto": self.done}, sort_keys=True) + "\n").encode()


def to_copy(found: Mapping[str, Sequence[SegmentPath]], upto: Upto, store: str) -> list[tuple[str, SegmentPath]]:
    """
    Return which segments are to be copied, in order: each camera's by number, between cameras the older name first.

    `found` are the segments of each camera, by number. Names follow the clock,
    which may have been wrong; numbers do not, so within a camera they decide.
    """
    due = [
        [(path.stem.partition("-")[2], camera, path) for path in paths if path.seq > upto.of(store, camera)]
        for camera, paths in sorted(found.items())
    ]
    # A merge takes the smallest of the first of each: it never takes a camera's segment before those ahead of it.
    return [(camera, path) for _, camera, path in heapq.merge(*due, key=lambda one: one[:2])]


def _json(data: bytes) -> dict[str, object]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise FormatError("a file on the stick is damaged: it is not what Vigil writes")
    return read
