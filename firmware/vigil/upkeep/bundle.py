"""What an update says of itself, and whether this box may take it. Deciding only: docs/spec/bundle.md."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from vigil.errors import FormatError

_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_MAGIC = b"hsqs"
_MOST_SIGNATURE_BYTES = 65536
_BLOCK_BYTES = 4096
HEAD_BYTES = 96
TAIL_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle whose signature was proved. `sizes`: bytes of each image, by the class of slot it is for."""

    compatible: str
    version: str
    build: str
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs here. `rooms`: bytes of each partition that would be written, by the class of slot."""

    compatible: str
    version: str
    rooms: Mapping[str, int]


def read_bundle(told: str) -> Bundle:
    """Read what `rauc info --output-format=json-2` prints. Raises `FormatError` where it is not that."""
    try:
        said = json.loads(told)
        update = said["update"]
        sizes = {image["slot-class"]: int(image["size"]) for image in said["images"]}
        return Bundle(
            compatible=update["compatible"], version=update["version"], build=update.get("build", ""), sizes=sizes
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("the update does not say what is in it") from error


def objection(bundle: Bundle, running: Running) -> str:
    """Say in a sentence why this box must not take a bundle that is signed as it should be; nothing if it may."""
    if bundle.compatible != running.compatible:
        return f"it is for {bundle.compatible}, and this box is {running.compatible}"
    new, here = order_of(bundle.version), order_of(running.version)
    if new is None:
        return f"its version {bundle.version!r} is not one that can be compared"
    if here is not None and new < here:
        return f"its version {bundle.version} is older than {running.version}, which runs"
    for name, room in running.rooms.items():
        if name not in bundle.sizes:
            return f"it has no image for the {name} partition"
        if bundle.sizes[name] > room:
            return f"there is not enough room: its {name} image has {bundle.sizes[name]} bytes, the partition {room}"
    return ""


def order_of(version: str) -> tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]] | None:
    """
    By what versions are compared: three numbers, and a version before them (`-rc.1`) is older than they are.

    As semver.org says it, but one or two numbers will do; None for what is no version.
    """
    found = _NUMBERS.fullmatch(version)
    if not found:
        return None
    numbers = (int(found[1]), int(found[2] or 0), int(found[3] or 0))
    words = tuple(
        (0, int(word), "") if word.isdigit() else (1, 0, word) for word in (found[4] or "").split(".") if word
    )
    return numbers, 0 if words else 1, words


def shape_of(head: bytes, tail: bytes, size_bytes: int) -> str:
    """
    Say in a sentence what is wrong with the outside of a bundle; nothing if it may be whole.

    `head` are its first `HEAD_BYTES`, `tail` its last `TAIL_BYTES`. That says what a person wants to know before a
    signature is even looked for: is this an update at all, did it arrive whole, did anybody sign it?
    """
    if len(head) < HEAD_BYTES or head[:4] != _MAGIC:
        return "this is not an update"
    content = struct.unpack_from("<Q", head, 40)[0]
    padded = -(-content // _BLOCK_BYTES) * _BLOCK_BYTES
    if size_bytes < content:
        return f"the update is truncated: {size_bytes} bytes are there, at least {padded} belong to it"
    if size_bytes <= padded:
        return "the update is not signed"
    signature = int.from_bytes(tail, "big")
    if not 0 < signature <= min(_MOST_SIGNATURE_BYTES, size_bytes - padded - TAIL_BYTES):
        return "the update is truncated, or was never signed: no signature is at its end"
    return ""
