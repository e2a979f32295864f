"""Messages as packets: one JSON object each, checked when it arrives."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

from vigil.errors import FormatError
from vigil.events import KINDS, Message

LIMIT_BYTES = 200_000
"""The most that the kernel takes as one packet of a Unix socket by default."""

_TYPES = {one: get_type_hints(one) for one in KINDS.values()}


def encode(message: Message) -> bytes:
    """Return the packet for `message`. Raises `FormatError` where it would not fit."""
    # Not `asdict`: it makes a copy of all that is in it, every second.
    said = {name: getattr(message, name) for name in _TYPES[type(message)] if name != "kind"}
    data = json.dumps({"kind": message.kind, **said}, separators=(",", ":")).encode()
    if len(data) > LIMIT_BYTES:
        raise FormatError(f"a {message.kind} message of {len(data)} bytes does not fit into a packet")
    return data


def decode(data: bytes) -> Message:
    """Read a packet. Raises `FormatError` for anything that is not a message of ours, whole and of the right types."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError("a hub message is not JSON") from error
    type_ = KINDS.get(read.pop("kind", None)) if isinstance(read, dict) and _hashable(read.get("kind")) else None
    if type_ is None:
        raise FormatError("a hub message of a kind this program does not know")
    known = {f.name for f in fields(type_)}
    if unknown := set(read) - known:
        raise FormatError(f"a {type_.kind} message with a field this program does not know: {min(unknown)[:40]!r}")
    for name, value in read.items():
        if not _fits(value, _TYPES[type_][name]):
            raise FormatError(f"a {type_.kind} message whose {name!r} is not what it must be")
    try:
        return type_(**read)
    except TypeError as error:
        raise FormatError(f"a {type_.kind} message that lacks a field") from error


def _hashable(value: object) -> bool:
    return isinstance(value, str)


def _fits(value: Any, hint: Any) -> bool:
    if hint is bool:
        return isinstance(value, bool)
    if hint in (str, int):
        return isinstance(value, hint) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint == dict[str, str]:
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    if hint == list[dict[str, str | int]]:
        return isinstance(value, list) and all(_is_plain(v) for v in value)
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, dict) and all(_fits(v, str) or _fits(v, int) for v in value.values())
