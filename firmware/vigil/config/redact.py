"""Keeping secrets out of what people see: passwords in addresses, keys, and long values in general."""

from __future__ import annotations

import re

HIDDEN = "***"

# From "://" to the last "@" of the word: passwords may hold "/" and "@" that somebody forgot to encode, so rather
# hide too much of an address than a part of its password too little.
_USER = re.compile(r"(://)[^\s\"'<>]*@")
# Many cameras take the password among the parameters: "?user=admin&password=x", or "/user=admin_password=x_channel=1".
_PARAMETER = re.compile(r"(?i)((?:password|passwd|passphrase|pwd|pass|token|secret|auth|pin|api_?key)=)[^\s&\"'<>;,]+")
_IDENTITY = re.compile(r"(?i)AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+")


def without_secrets(text: str) -> str:
    """Return `text` with the user and password of addresses, secret parameters and age identities hidden."""
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    text = _PARAMETER.sub(rf"\1{HIDDEN}", text)
    return _IDENTITY.sub(f"AGE-SECRET-KEY-{HIDDEN}", text)


def shown(value: object) -> str:
    """Return a value from a configuration file as it may stand in a sentence: short, on one line, without secrets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    # Thousands of digits are a legal number in hexadecimal, and Python refuses to print them.
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else "a very large number"
    text = without_secrets(value) if isinstance(value, str) else str(value)
    if len(text) > 60:
        text = text[:57] + "..."
    return quoted(text) if isinstance(value, str) else text


def as_key(key: str) -> str:
    """Return a key as one may read it in a sentence: quoted only where TOML would have it quoted, and short."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else quoted(key[:60])


def quoted(text: str) -> str:
    """Return `text` as a TOML basic string: quoted, on one line."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _by_number(c)) for c in text) + '"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _by_number(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
