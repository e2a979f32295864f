"""Reads one TOML table word by word, and remembers every mistake instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConfigError

Problems = list[str]


class Table:
    """
    One table of a file. Each `take_…` consumes a word; `finish` objects to those nobody asked for.

    A word that is missing or of the wrong type becomes a problem and an empty value, so that reading goes on.
    """

    def __init__(self, values: object, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        self._left: dict[str, object] = {}
        if isinstance(values, Mapping):
            self._left = {str(key): value for key, value in values.items()}
        else:
            self.object_to("must be a table")

    def __contains__(self, word: str) -> bool:
        return word in self._left

    def object_to(self, what: str, word: str = "") -> None:
        """Note a mistake of this table, or of one word of it."""
        self.problems.append(f"{self._inner(word) if word else self.where}: {what}")

    def take_text(self, word: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._left.pop(word, default)
        if isinstance(value, str) and value:
            return value
        self.object_to("is missing" if value is None else "must be a text that is not empty", word)
        return ""

    def take_count(self, word: str) -> int:
        """A whole number above zero."""
        value = self._left.pop(word, None)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.object_to("is missing" if value is None else "must be a whole number above 0", word)
        return 0

    def take_list(self, word: str) -> tuple[str, ...]:
        """A list of texts, each given once; empty if the word is not there."""
        value = self._left.pop(word, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.object_to("must be a list of texts", word)
            return ()
        for twice in sorted({one for one in value if value.count(one) > 1}):
            self.object_to(f"names {twice!r} twice", word)
        return tuple(value)

    def take_reasons(self, word: str) -> dict[str, str]:
        """A table of names, each with its reason; empty if the word is not there."""
        inner = self.take_table(word)
        return {name: inner.take_text(name) for name in inner.words()}

    def take_table(self, word: str) -> Table:
        """A table within this one; empty if the word is not there."""
        return Table(self._left.pop(word, {}), self._inner(word), self.problems)

    def take_lists(self, word: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts; empty if the word is not there."""
        inner = self.take_table(word)
        return {name: inner.take_list(name) for name in inner.words()}

    def _inner(self, word: str) -> str:
        return f"{self.where}{'' if self.where.endswith(':') else '.'}{word}"

    def words(self) -> list[str]:
        """The words not yet taken, in their order."""
        return list(self._left)

    def finish(self) -> None:
        """Object to every word that nobody asked for."""
        for word in self.words():
            self.object_to("not a setting", word)
        self._left.clear()


def raise_all(problems: Problems) -> None:
    """
    Stop, if there were mistakes.

    Raises:
        ConfigError: with all of them.
    """
    if problems:
        raise ConfigError(problems)
