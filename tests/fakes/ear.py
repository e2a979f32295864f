"""Somebody who listens to a running box: what its recorders and its guard say of themselves, second by second."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from vigil.events import Health, Message, Status, Watch
from vigil.processes.hub import HubClient
from vigil.processes.place import Place

Wanted = Callable[[Message], bool]


class Ear:
    """Connects to the hub of the box in `data` as soon as there is one; use it as a context manager."""

    def __init__(self, data: Path) -> None:
        self._client = HubClient(Place(data).hub, "ear")
        self._watching = False
        self.heard: list[Message] = []

    def until(self, wanted: Wanted, *, within_s: float = 30) -> Message:
        """Return the next message that is `wanted`; fails where none comes in time."""
        end_s = time.monotonic() + within_s
        tick = threading.Event()
        while time.monotonic() < end_s:
            if not self._client.connected:
                self._watching = self._client.connect() and self._client.send(Watch())
                tick.wait(0.1)
                continue
            for message in self._client.receive():
                self.heard.append(message)
                if wanted(message):
                    return message
            if self._client.connected:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._client.fileno(), selectors.EVENT_READ)
                    selector.select(0.5)
        raise AssertionError(f"nothing of the kind in {within_s} s; the last that was heard: {self.heard[-4:]}")

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()


def recording(camera: str) -> Wanted:
    """Its pictures become durable."""
    return lambda m: in_state(camera, "recording")(m) and isinstance(m, Status) and 0 <= m.durable_age_s < 2.5


def in_state(camera: str, state: str) -> Wanted:
    """The recorder of `camera` says that it is in this state."""
    return lambda m: isinstance(m, Status) and (m.camera, m.state) == (camera, state)


def disk_fault(camera: str, words: str = "") -> Wanted:
    """The recorder of `camera` cannot write, for a reason that holds `words`."""
    return lambda m: isinstance(m, Status) and (m.camera, m.state) == (camera, "disk fault") and words in m.fault


def told(words: str) -> Wanted:
    """Guard tells a fault that holds `words`."""
    return lambda m: isinstance(m, Health) and any(words in fault for fault in m.faults)
