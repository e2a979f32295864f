"""
One way, and only one, to write a statement down, so that two machines hash and sign the same bytes.

The form is the JSON Canonicalization Scheme (RFC 8785) without fractions:
objects, arrays, strings, true, false, null, and whole numbers that every JSON
reader keeps exactly (within ±2^53). Nothing here knows what a statement means.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn

from vigil.errors import FormatError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_INTEGER = 1 << 53


def encode(value: object) -> bytes:
    """
    Return the canonical JSON (RFC 8785) of `value`, in UTF-8, without a newline.

    `value` is made of dict (with str keys), list or tuple, str, bool, int within
    ±2^53 and None, at most 32 levels deep. Anything else raises `FormatError`.
    """
    text = _write(_ordered(value, MAX_DEPTH))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("a string holds half a character (a lone surrogate), which no text file can") from error


def decode(data: bytes, *, limit_bytes: int = MAX_BYTES) -> Any:
    """
    Return the value written in `data`, which must be exactly the bytes that `encode` would give for it.

    Raises `FormatError` for anything else: other spacing or key order, a key
    twice, fractions, large numbers, more than 32 levels, more than
    `limit_bytes`, bytes that are not UTF-8 or not JSON.
    """
    if len(data) > limit_bytes:
        raise FormatError(f"a statement of {len(data)} bytes is longer than the {limit_bytes} allowed")
    try:
        value = _read(data.decode("utf-8"))
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not JSON in UTF-8: {error}") from error
    # One comparison finds every other way of writing the same value, keys given twice included.
    if encode(value) != data:
        raise FormatError("this JSON is not in its canonical form (RFC 8785)")
    return value


def _ordered(value: object, depth: int) -> object:
    """Return `value` with all keys in order, having refused what has no canonical form here."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise FormatError(f"the number {value} is beyond ±2^53 and would be rounded by some readers")
        return value
    if depth == 0:
        raise FormatError(f"more than {MAX_DEPTH} levels of lists and objects")
    if isinstance(value, dict):
        return {key: _ordered(value[key], depth - 1) for key in _sorted(value)}
    if isinstance(value, list | tuple):
        return [_ordered(item, depth - 1) for item in value]
    raise FormatError(f"a {type(value).__name__} cannot be written as canonical JSON")


def _sorted(keys: Collection[object]) -> list[str]:
    """Return the keys in the order of RFC 8785 §3.2.3, by their UTF-16 code units."""
    words = [key for key in keys if isinstance(key, str)]
    if len(words) < len(keys):
        raise FormatError("a key of an object is not a string")
    # For ASCII, which keys nearly always are, both orders are the same.
    if "".join(words).isascii():
        return sorted(words)
    return sorted(words, key=lambda word: word.encode("utf-16-be", "surrogatepass"))


def _whole(digits: str) -> int:
    # Python refuses to read more than 4300 digits, with a message about itself; 17 characters hold -2^53.
    if len(digits) > 17:
        _refuse(digits)
    return int(digits)


def _refuse(number: str) -> NoReturn:
    raise FormatError(f"the number {number[:20]} is not a whole number within ±2^53")


# Made once: building a coder for each statement costs as much as the statement.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_read = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, parse_int=_whole).decode
