"""What is plugged in (docs/design/hotplug.md), and how far the copying to a stick is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugs(Message):
    """Body: all USB devices there are, at each change and every ten seconds, each as JSON (`processes/plugs.py`)."""

    kind: ClassVar[str] = "plugs"
    devices: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting(Message):
    """
    Whoever copies to a stick: how far that is, every second, and how it ended.

    `state` is ``running``, ``complete``, ``full``, ``stopped`` or ``failed`` (`words` say why).
    """

    kind: ClassVar[str] = "exporting"
    state: str
    done_pm: int = 0
    segments: int = 0
    bytes: int = 0
    stick: str = ""
    words: str = ""
