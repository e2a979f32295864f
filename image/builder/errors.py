"""Everything that can go wrong while an image is built. This module imports nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence


class BuildError(Exception):
    """The image cannot be built; the text says why and what to do."""


class ConfigError(BuildError):
    """The configuration has mistakes; `problems` holds all of them, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class ToolFailed(BuildError):
    """A program ended with an error; its last words are in the text."""


class OverBudget(BuildError):
    """The image is larger, or took longer to build, than `vigil.toml` allows."""
