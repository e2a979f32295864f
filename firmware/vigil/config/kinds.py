"""What a value in the configuration may be: each kind checks a value, and says in a few words what it accepts."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from vigil.config.recipients import check_recipient
from vigil.errors import ConfigError

Point = tuple[float, float]
Polygon = tuple[Point, ...]


class Kind(ABC):
    """
    One kind of value. Descendants *must* override `accepts` and `take`.

    `take` gets whatever TOML can hold and returns it as the model stores it, or
    raises `ConfigError` whose problems complete the sentence “key = value: …”.
    """

    @property
    @abstractmethod
    def accepts(self) -> str:
        """What is accepted, for a person: “10 to 300”."""

    @abstractmethod
    def take(self, value: object) -> object:
        """Return the value as the model stores it. Raises `ConfigError`."""

    def save(self, value: object) -> object:  # noqa: ARG002
        """Return what is usable of a value that `take` refused, or None: what a booting recorder may go on with."""
        return None

    def refuse(self) -> ConfigError:
        """Say what would have been accepted."""
        return ConfigError([f"give {self.accepts}"])


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """Yes or no."""

    @property
    def accepts(self) -> str:
        return "true or false"

    def take(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise self.refuse()
        return value


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number from `low` to `high`; with `zero` nought is accepted too, and that is what it means."""

    low: int
    high: int
    zero: str = ""
    even: bool = False

    @property
    def accepts(self) -> str:
        span = f"{grouped(self.low)} to {grouped(self.high)}" + (", even" if self.even else "")
        return f"0 ({self.zero}), or {span}" if self.zero else span

    def take(self, value: object) -> int:
        # TOML's true is not its 1, though Python's is.
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError([f"give a whole number, {self.accepts}"])
        if not (self.low <= value <= self.high or (self.zero and value == 0)) or (self.even and value % 2):
            raise self.refuse()
        return value


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number from `low` to `high`, which may have a fraction."""

    low: float
    high: float

    @property
    def accepts(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def take(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError([f"give a number, {self.accepts}"])
        if not self.low <= value <= self.high:
            raise self.refuse()
        return float(value)


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words; capital letters do not matter."""

    words: tuple[str, ...]

    @property
    def accepts(self) -> str:
        return one_of(self.words)

    def take(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError([f"give {self.accepts}, in quotes"])
        if value.lower() in self.words:
            return value.lower()
        near = nearest(value.lower(), self.words)
        raise ConfigError([f"give {self.accepts}" + (f" (did you mean {near}?)" if near else "")])


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """One line of text, `longest` characters at most; `form` is a pattern and `words` say it to people."""

    longest: int
    form: str = ""
    words: str = ""

    @property
    def accepts(self) -> str:
        return self.words or f"text of 1 to {self.longest} characters"

    def take(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError([f"give {self.accepts}, in quotes"])
        if not 1 <= len(value) <= self.longest or not value.isprintable() or not re.fullmatch(self.form or ".*", value):
            raise self.refuse()
        return value


@dataclass(frozen=True, slots=True)
class Address(Kind):
    """Where a network camera is found; may carry a user and password."""

    schemes: tuple[str, ...] = ("rtsp", "rtsps")

    @property
    def accepts(self) -> str:
        return "an address such as rtsp://user:password@10.0.0.5:554/stream"

    def take(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError([f"give {self.accepts}, in quotes"])
        if len(value) > 2048 or not value.isprintable() or " " in value:
            raise self.refuse()
        try:
            parts = urlsplit(value)
            sound = parts.scheme in self.schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            hint = "; in a password write / as %2F, @ as %40, : as %3A, # as %23" if "@" in value else ""
            raise ConfigError([f"give {self.accepts}{hint}"])
        return value


@dataclass(frozen=True, slots=True)
class Polygons(Kind):
    """Areas of the picture, each a list of corners [x, y] from [0, 0] (top left) to [1, 1]."""

    most: int = 16
    corners: int = 32

    @property
    def accepts(self) -> str:
        return f"up to {self.most} areas, each a list of 3 to {self.corners} corners [x, y], 0 to 1 from the top left"

    def take(self, value: object) -> tuple[Polygon, ...]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.refuse()
        return tuple(self._polygon(number, corners) for number, corners in enumerate(value, 1))

    def _polygon(self, number: int, corners: object) -> Polygon:
        if not isinstance(corners, list) or not 3 <= len(corners) <= self.corners:
            raise ConfigError([f"area {number}: give 3 to {self.corners} corners [x, y]"])
        points = []
        for at, corner in enumerate(corners, 1):
            if not isinstance(corner, list) or len(corner) != 2 or not all(_is_share(part) for part in corner):
                raise ConfigError([f"area {number}, corner {at}: give [x, y], each 0 to 1"])
            points.append((float(corner[0]), float(corner[1])))
        if abs(_twice_the_area(points)) < 1e-6:
            raise ConfigError([f"area {number}: its corners lie on one line, so it covers nothing"])
        return tuple(points)


@dataclass(frozen=True, slots=True)
class Recipients(Kind):
    """Public keys of those who may open recordings."""

    most: int = 16

    @property
    def accepts(self) -> str:
        return f"a list of up to {self.most} public keys (age1…), each once"

    def take(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > self.most:
            raise self.refuse()
        problems = [f"key {number}: {problem}" for number, key in enumerate(value, 1) if (problem := _fault_in(key))]
        if not problems and len(set(value)) < len(value):
            problems = ["a key is there twice"]
        if problems:
            raise ConfigError(problems)
        return tuple(value)

    def save(self, value: object) -> tuple[str, ...] | None:
        keys = [key for key in value if not _fault_in(key)] if isinstance(value, list) else []
        return tuple(dict.fromkeys(keys))[: self.most] or None


def nearest(word: str, words: Sequence[str]) -> str:
    """Return the one of `words` that somebody who typed `word` may have meant, or nothing."""
    # A long word means nothing to a person, and the search for likeness is quadratic.
    from difflib import get_close_matches

    found = get_close_matches(word, words, n=1, cutoff=0.7) if len(word) <= 40 else []
    return found[0] if found else ""


def one_of(words: Sequence[str]) -> str:
    """Return words as people list choices: a, b or c."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def grouped(number: int) -> str:
    """Return a number as TOML takes it and people read it: 2_000_000."""
    return f"{number:_}" if abs(number) >= 10_000 else str(number)


def _fault_in(key: object) -> str:
    if not isinstance(key, str):
        return "give a public key in quotes"
    try:
        check_recipient(key)
    except ConfigError as error:
        return error.problems[0]
    return ""


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _twice_the_area(points: Sequence[Point]) -> float:
    """Return twice the signed area (Gauss's shoelace formula)."""
    ring = zip(points, [*points[1:], points[0]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in ring)
