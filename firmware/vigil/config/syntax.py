"""The bytes of a configuration file become a TOML document, or a sentence with line and column."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from vigil.errors import ConfigError

Document = dict[str, Any]

LONGEST_BYTES = 262_144
"""Sixty-four cameras with many zones take a tenth of this; what is longer is not a configuration."""

_PLACE = re.compile(r"(.*) \(at (?:(line \d+, column \d+)|end of document)\)", re.DOTALL)


def parse(data: bytes) -> Document:
    """Return the TOML document in `data`. Raises `ConfigError` with where and why it is none, or that it is empty."""
    document = _toml(data)
    if not document:
        raise ConfigError(["the file holds no setting: write schema = 1 and a [[camera]] for each camera"])
    return document


def _toml(data: bytes) -> Document:
    if len(data) > LONGEST_BYTES:
        raise ConfigError([f"the file has {len(data)} bytes; a configuration has {LONGEST_BYTES} at most"])
    try:
        # Some editors begin a file with a byte order mark, which TOML does not know.
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"line {line}: not UTF-8 text; save the file as UTF-8"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_placed(str(error), data)]) from error
    except (ValueError, RecursionError) as error:
        # Python refuses numbers of thousands of digits, and tomllib follows nested lists by recursion.
        raise ConfigError(["not TOML that can be read: a number too long, or lists too deep in lists"]) from error


def parse_in_parts(data: bytes) -> tuple[Document, list[str]]:
    """
    Return what can be read of a file that is broken somewhere, table by table, and a fault for each lost part.

    A camera goes with its sub-tables: a part begins at `[[camera]]` or at any table that is not a camera's.
    """
    document: Document = {}
    faults: list[str] = []
    for first_line, text in _parts(data[:LONGEST_BYTES].decode("utf-8-sig", errors="replace")):
        try:
            part = _toml(text.encode())
        except ConfigError as error:
            last_line = first_line + text.rstrip().count("\n")
            faults.append(f"lines {first_line} to {last_line} are not used: {_moved(str(error), first_line - 1)}")
            continue
        for key, value in part.items():
            held = document.get(key)
            if isinstance(held, list) and isinstance(value, list):
                held.extend(value)
            elif isinstance(held, dict) and isinstance(value, dict):
                _join(held, value)
            else:
                document.setdefault(key, value)
    return document, faults


def _join(table: Document, more: Document) -> None:
    """Put a table's later parts to its first: `[[presence.member]]` stands below `[presence]`, and is one of many."""
    for key, value in more.items():
        if isinstance(table.get(key), list) and isinstance(value, list):
            table[key].extend(value)
        else:
            table.setdefault(key, value)


def _parts(text: str) -> list[tuple[int, str]]:
    """Cut a file before each table header; return (number of its first line, text) for each part."""
    parts: list[tuple[int, list[str]]] = [(1, [])]
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\s*\[(?!\s*\[?\s*cameras?\s*\.)\[?\s*[\"'A-Za-z0-9_]", line):
            parts.append((number, []))
        parts[-1][1].append(line)
    return [(number, "\n".join(lines) + "\n") for number, lines in parts]


def _moved(message: str, lines: int) -> str:
    """Count the lines of a message about a part from the beginning of the file."""
    return re.sub(r"^line (\d+)", lambda found: f"line {int(found[1]) + lines}", message)


def _placed(message: str, data: bytes) -> str:
    """Put the place first, where the eye looks for it."""
    found = _PLACE.fullmatch(message)
    if not found:
        return message
    last_line = data.rstrip().count(b"\n") + 1
    place = found[2] or f"line {last_line}, the file's end"
    return f"{place}: {found[1][:1].lower()}{found[1][1:]}"
