"""The vectors of docs/spec/slots.md: what two files say, how the machine came, and what must follow."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from fakes.repository import ROOT

FOLDER = ROOT / "tests" / "vectors" / "slots"
NAMES = ("BOOT_ORDER", "BOOT_A_LEFT", "BOOT_B_LEFT", "BOOT_TRIAL", "BOOT_TRY", "BOOT_CUTS")
SIZE = 0x4000
KEYS = {"comment", "first", "second", "came", "starts", "then"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotVector:
    """One start. `first` and `second` are the files as bytes, or None where there is none; `then` are six words."""

    name: str
    first: bytes | None
    second: bytes | None
    after_reset: bool
    starts: str
    then: tuple[str, ...]


def slot_vectors() -> list[SlotVector]:
    """All of them, by name."""
    return [_read(path) for path in sorted(FOLDER.iterdir())]


def environment(words: tuple[str, ...]) -> bytes:
    """The file that holds these six words; one that is empty is not there at all."""
    text = b"".join(f"{name}={word}".encode() + b"\0" for name, word in zip(NAMES, words, strict=True) if word)
    body = (text + b"\0").ljust(SIZE - 4, b"\0")
    return struct.pack("<I", zlib.crc32(body)) + body


def words(text: str) -> tuple[str, ...]:
    """The six words, as a vector writes them."""
    return tuple(word.strip() for word in text.split(", "))


def _read(path: Path) -> SlotVector:
    fields = dict(line.split(": ", 1) for line in path.read_text().splitlines())
    assert fields.keys() == KEYS, f"{path.name} has other words than a slot vector: {fields.keys() ^ KEYS}"
    return SlotVector(
        name=path.name,
        first=_file(fields["first"]),
        second=_file(fields["second"]),
        after_reset={"reset": True, "power": False}[fields["came"]],
        starts=fields["starts"],
        then=words(fields["then"]),
    )


def _file(text: str) -> bytes | None:
    if text == "missing":
        return None
    if text == "empty":
        return b""
    if text == "garbage":
        return bytes(range(256)) * (SIZE // 256)
    kind, _, rest = text.partition(" ")
    if kind == "short":
        return environment(words(rest))[: SIZE // 2]
    if kind == "long":
        return environment(words(rest)) + b"and more"
    if kind == "flipped":
        data = bytearray(environment(words(rest)))
        data[20] ^= 1
        return bytes(data)
    return environment(words(text))
