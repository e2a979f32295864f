"""What every word between the parts has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Any message. Descendants give `kind` and fields of str, int, float, bool, dict or list."""

    kind: ClassVar[str] = ""
