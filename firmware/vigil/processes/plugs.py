"""What is plugged in, on its way from body to guard; and the note by which guard asks for an export."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Protocol

from vigil.body.hotplug import Device, Raw, devices
from vigil.events import Exporting, Message, Plugs
from vigil.guard.facts import ExportTold, Fact, PlugsSeen, UsbDevice

log = logging.getLogger(__name__)

BEAT_US = 10_000_000
_AGAIN_US = (300_000, 1_500_000, 4_000_000)
"""When to look again behind an event: by then udev has judged, a disk has been read, a camera has its names."""

NOTE = "stick-export"


class Sockets(Protocol):
    """What `body/hotplug_udev.py` is."""

    def happened(self) -> bool:
        """Say whether anything happened."""

    def usb(self) -> list[Raw]:
        """Return what there is."""


class Plugging:
    """Body's part: looks when something happened, some moments later, and every ten seconds; tells guard all of it."""

    def __init__(self, sockets: Sockets, *, now_us: int, send: Callable[[Message], bool]) -> None:
        self._sockets = sockets
        self._send = send
        self._looks: list[int] = []
        self._beat_us = now_us - BEAT_US
        self._said: Plugs | None = None

    @property
    def due_us(self) -> int:
        """When it is to look again."""
        return min([self._beat_us + BEAT_US, *self._looks])

    def round(self, now_us: int) -> None:
        """Look where there is a reason to, and say what there is."""
        if self._sockets.happened():
            self._looks = [now_us + later for later in _AGAIN_US]
        if now_us < self.due_us:
            return
        self._looks = [at for at in self._looks if at > now_us]
        beat = now_us - self._beat_us >= BEAT_US
        if beat:
            self._beat_us = now_us
        said = Plugs(devices=[json.dumps(asdict(one)) for one in devices(self._sockets.usb())])
        if (beat or said != self._said) and self._send(said):
            self._said = said


def facts_of(message: Message) -> list[Fact]:
    """Return what guard's parts hear of it. What is not of our form is left out: it is a mistake, or no body."""
    if isinstance(message, Plugs):
        return [PlugsSeen(tuple(one for text in message.devices if (one := _device(text))))]
    if isinstance(message, Exporting):
        told = ExportTold(
            state=message.state, done_pm=message.done_pm, segments=message.segments, bytes=message.bytes,
            stick=message.stick[:64], why=message.words[:300],
        )  # fmt: skip
        return [told]
    return []


def _device(text: str) -> UsbDevice | None:
    try:
        read = json.loads(text)
        made = Device(**read)
    except (ValueError, TypeError, RecursionError):
        return None
    types = {"number": int, "let_in": bool}
    values = {one.name: getattr(made, one.name) for one in fields(Device)}
    if any(type(value) is not types.get(name, str) for name, value in values.items()):
        return None
    return UsbDevice(**values)


class ExportDoor:
    """Leaves the note that `vigil-stick.path` waits for. Without a directory this is no box of ours."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    @classmethod
    def of_this_process(cls) -> ExportDoor:
        """Return the door that systemd made for this unit (`RuntimeDirectory=`), if any did."""
        found = os.environ.get("RUNTIME_DIRECTORY")
        return cls(Path(found) if found else None)

    def ask(self, who: str) -> str:
        """Ask for it; return what is in the way, or nothing."""
        if self._directory is None:
            return "this host does not copy to sticks by itself: use `vigil stick export`"
        try:
            (self._directory / NOTE).write_text(f"{who}\n", encoding="utf-8")
        except OSError as error:
            return f"the system cannot be asked to copy to the stick: {error}"
        return ""
