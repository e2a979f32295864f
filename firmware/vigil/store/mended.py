"""What happened but has no form in the journal is entered as words: a mistake of form must not keep it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.segments import canonical
from vigil.store.entry import KIND, MAX_LINE_BYTES, OWN_KEYS

KIND_UNKNOWN = "entry.refused"
"""The kind of what was to be entered under a kind that cannot be one; `what` has that in words."""

_MOST = 64
_DEEPEST = 4
_LENGTHS = (4096, 256, 16)


def mended(kind: str, fields: Mapping[str, Any], why: str) -> tuple[str, dict[str, Any]]:
    """
    Return a kind and fields that every journal takes, as close to these as there is a form for.

    `mended` among them is `why` they were refused. Keys that every entry has
    already end in an underscore, half characters become question marks,
    fractions and large numbers become words, and what is long is cut.
    """
    found = (kind, {}) if KIND.fullmatch(kind) else (KIND_UNKNOWN, {"what": _words(kind, _LENGTHS[-1])})
    for longest in _LENGTHS:
        plain = {**_plain(fields, longest, _DEEPEST), **found[1], "mended": _words(why, _LENGTHS[1])}
        # Half of it: an entry's own keys want room as well.
        if len(canonical.encode(plain)) <= MAX_LINE_BYTES // 2:
            return found[0], plain
    return found[0], {**found[1], "mended": _words(why, _LENGTHS[1])}


def _plain(value: object, longest: int, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -canonical.MAX_INTEGER <= value <= canonical.MAX_INTEGER:
        return value
    if isinstance(value, Mapping) and depth:
        return {_key(key): _plain(one, longest, depth - 1) for key, one in list(value.items())[:_MOST]}
    if isinstance(value, list | tuple) and depth:
        return [_plain(one, longest, depth - 1) for one in value[:_MOST]]
    return _words(value, longest)


def _key(key: object) -> str:
    words = _words(key, _LENGTHS[-1])
    return f"{words}_" if words in OWN_KEYS else words


def _words(value: object, longest: int) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text[:longest].encode("utf-8", "replace").decode("utf-8")
