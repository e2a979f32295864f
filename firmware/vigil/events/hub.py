"""How one begins to speak on the hub, and what is said to whoever asked: the words of no subject in particular."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(Message):
    """Who is speaking: the first message on every connection. `peer` is ``record@gate``, ``run``, ``cli``."""

    kind: ClassVar[str] = "hello"
    peer: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Message):
    """Please send me every `Status` and `Health` from now on."""

    kind: ClassVar[str] = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLevel(Message):
    """Change how much every process writes to its log."""

    kind: ClassVar[str] = "log-level"
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """The answer to a command, of guard or through it of a recorder: was it obeyed, and in words."""

    kind: ClassVar[str] = "answer"
    ok: bool
    words: str
