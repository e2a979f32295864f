"""What the model says about one key, read from its annotated field: kind, meaning, default, and marks."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import Enum, auto
from typing import Annotated, Any, get_origin, get_type_hints

from vigil.config.kinds import Kind


class Mark(Enum):
    """What else there is to know about a setting."""

    ESSENTIAL = auto()  # when it is wrong, no default may stand in: the camera is not used
    SECRET = auto()  # may hold a password: hidden wherever it is shown


@dataclass(frozen=True, slots=True)
class Only:
    """The setting makes sense for these sources alone."""

    sources: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What the model says about one key."""

    key: str
    kind: Kind
    meaning: str
    default: Any
    only: Only | None = None
    marks: frozenset[Mark] = frozenset()

    @property
    def required(self) -> bool:
        """Whether every table must give it (where `only` allows it at all)."""
        return self.default is MISSING or (self.only is not None and self.only.required)

    def fits(self, source: str) -> bool:
        """Say whether a camera of this source may have it."""
        return self.only is None or source in self.only.sources


def settings_of(table: type) -> dict[str, Setting]:
    """Return the settings of a table of the model by key, in their order; tables within it are left out."""
    if table not in _FOUND:
        _FOUND[table] = _settings(table)
    return _FOUND[table]


def _settings(table: type[Any]) -> dict[str, Setting]:
    hints = get_type_hints(table, include_extras=True)
    return {f.name: _setting(f.name, hints[f.name], f.default) for f in fields(table) if _is_setting(hints[f.name])}


def _is_setting(hint: object) -> bool:
    return get_origin(hint) is Annotated


def _setting(key: str, hint: Any, default: Any) -> Setting:
    kind, meaning, *rest = hint.__metadata__
    only = next((part for part in rest if isinstance(part, Only)), None)
    marks = frozenset(part for part in rest if isinstance(part, Mark))
    return Setting(key, kind, meaning, default, only, marks)


_FOUND: dict[type, dict[str, Setting]] = {}
