"""
The set-up file on the card's first partition: what its owner wrote on a PC becomes configuration, and secrets go.

It is a configuration file (docs/ref/config.md) with three more words at its
top: `owner_recipient`, `hostname` and `time_zone`. What it says replaces what
the configuration said, table by table; but who owns the box it can only say
while nobody does.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

from vigil.config.build import build
from vigil.config.model import LISTS, SCHEMA, TABLES, Config, attribute_of, within
from vigil.config.read import read_lenient
from vigil.config.syntax import Document, parse
from vigil.errors import ConfigError

SECRETS = ("wifi_password", "nut_password", "url", "sub_url")
BLANK = "*"

TAKEN = "setup-taken"
"""On p7: what the file is known by that was taken over last."""

_SECRET = re.compile(rb'^([ \t]*(?:%s)[ \t]*=[ \t]*)(["\'])(.*?)(\2)' % "|".join(SECRETS).encode(), re.MULTILINE)
_OURS = {"owner_recipient": ("owner", "recipients"), "hostname": ("system", "hostname"),
         "time_zone": ("system", "time_zone")}  # fmt: skip


def taken_over(setup: bytes, before: bytes | None) -> Config:
    """
    Return the configuration after `setup` was taken over into `before` (None where there was none).

    Raises `ConfigError` with every mistake in the set-up file; nothing of it is to be used then.
    """
    document = _as_configuration(parse(setup))
    held = read_lenient(before).config if before is not None else None
    if held and held.owner.recipients:
        document.pop("owner", None)
    built = build(document, None)
    if built.problems:
        raise ConfigError(built.problems)
    said, base = built.config, held or Config()
    changes: dict[str, Any] = {
        name: replace(
            getattr(base, name),
            **{key: getattr(getattr(said, name), key) for key in set(document[name]) - {*within(name)}},
        )
        for name in TABLES
        if name in document
    }
    lists = [attribute_of(name) for name in ("camera", *LISTS) if _names(document, name)]
    changes |= {attribute: getattr(said, attribute) for attribute in lists}
    return replace(base, **changes)


def _names(document: Document, list_: str) -> bool:
    """Say whether a document has any of this list of tables, which may lie within another table."""
    table, _, key = list_.rpartition(".")
    held = document.get(table, {}) if table else document
    return isinstance(held, dict) and key in held


def _as_configuration(document: Document) -> Document:
    """Put the words at the top where a configuration has them, and leave out what was blanked."""
    document.setdefault("schema", SCHEMA)
    for word, (table, key) in _OURS.items():
        if word in document:
            value = document.pop(word)
            held = document.setdefault(table, {})
            if not isinstance(held, dict):
                raise ConfigError([f"{table}: write it as a table, [{table}]"])
            held[key] = [value] if word == "owner_recipient" and isinstance(value, str) else value
    tables = [table for table in document.values() if isinstance(table, dict)]
    cameras = document.get("camera")
    for table in [*tables, *(cameras if isinstance(cameras, list) else [])]:
        if isinstance(table, dict):
            for key in [key for key, value in table.items() if key in SECRETS and _is_blank(value)]:
                del table[key]
    return document


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and bool(value) and set(value) == {BLANK}


def blanked(setup: bytes) -> bytes:
    """
    Return the file with every secret in it made unreadable, and not a byte longer or shorter.

    So it is written over itself in place: the old bytes are gone from the
    card as far as it allows, and a cut of power can only leave some to be
    blanked the next time.
    """
    return _SECRET.sub(lambda found: found[1] + found[2] + BLANK.encode() * len(found[3]) + found[4], setup)


def digest(setup: bytes) -> str:
    """Return what a file is known by once it was taken over: its words, whether or not secrets were blanked since."""
    return hashlib.sha256(blanked(setup)).hexdigest()


def has_secrets(setup: bytes) -> bool:
    """Say whether there is anything to blank."""
    return blanked(setup) != setup
