"""Which store an entry of the journal speaks of: segments are numbered anew on every disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

STORE_USED = "store.used"
_ID = re.compile("[0-9a-f]{32}")


class Whose:
    """
    Says of each entry whose it is (docs/spec/journal.md, *Kinds*); to be asked of all of them, in their order.

    `current` is the store in use, empty while none was named yet: whatever was
    said until then is of the first one that is named.
    """

    def __init__(self, current: str = "") -> None:
        self.current = current

    def of(self, kind: str, fields: Mapping[str, Any]) -> str:
        """Return the store that the next entry speaks of; empty where none was named yet."""
        named = fields.get("store")
        if not isinstance(named, str) or not _ID.fullmatch(named):
            return self.current
        if kind == STORE_USED or not self.current:
            self.current = named
        return named
