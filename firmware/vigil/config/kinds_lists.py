"""What a list in the configuration may be: names of other tables, or a few words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vigil.config.kinds import Kind, nearest, one_of
from vigil.errors import ConfigError

_ID = re.compile("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


def is_id(value: object) -> bool:
    """Say whether a value has the form of an id, as cameras, sensors and rules have."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Names(Kind):
    """Ids of cameras, each once; whether there are such is for those who know them all."""

    most: int = 64

    @property
    def accepts(self) -> str:
        return f"a list of up to {self.most} ids, each once"

    def take(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.refuse()
        if not all(is_id(name) for name in value) or len(set(value)) < len(value):
            raise self.refuse()
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Words(Kind):
    """Some of a few words, each once."""

    words: tuple[str, ...]

    @property
    def accepts(self) -> str:
        return f"a list of {one_of(self.words)}, each once"

    def take(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.refuse()
        found = tuple(word.lower() for word in value)
        strange = [word for word in found if word not in self.words]
        near = nearest(strange[0], self.words) if strange else ""
        if strange or len(set(found)) < len(found):
            raise ConfigError([f"give {self.accepts}" + (f" (did you mean {near}?)" if near else "")])
        return found


@dataclass(frozen=True, slots=True)
class Ids(Kind):
    """Numbers of devices, each once; `form` is what one must match, `like` says so in words."""

    form: str
    like: str
    most: int = 32

    @property
    def accepts(self) -> str:
        return f"a list of up to {self.most}, each {self.like}"

    def take(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > self.most or not all(isinstance(one, str) for one in value):
            raise self.refuse()
        found = tuple(one.lower() for one in value)
        if len(set(found)) < len(found) or not all(re.fullmatch(self.form, one) for one in found):
            raise self.refuse()
        return found
