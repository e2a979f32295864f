"""A guard at work in a thread, with a signer where one is wanted, and somebody who listens to it."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vigil.clock import SystemClock
from vigil.events import Health, Message, Watch
from vigil.processes import signer
from vigil.processes.guard import Guard
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.store.disk import Disk


class HastyClock(SystemClock):
    """Ten seconds go by in one: guard looks round every ten."""

    def steady_us(self) -> int:
        return 10 * super().steady_us()


def wait_for(client: HubClient, wanted: Callable[[Message], bool]) -> Message:
    """Return the first message that is `wanted`; what comes before it is of no interest."""
    with selectors.DefaultSelector() as selector:
        selector.register(client.fileno(), selectors.EVENT_READ)
        for _ in range(400):
            for message in client.receive():
                if wanted(message):
                    return message
            selector.select(0.05)
    raise AssertionError("nothing of the kind was said")


@contextmanager
def guarding(place: Place, *, disk: Disk | None = None) -> Iterator[HubClient]:
    """A guard at work in a thread, and somebody who listens to it."""
    guard = Guard(load(place.data, Disk()), clock=HastyClock(), disk=disk or Disk())
    stop = threading.Event()
    thread = threading.Thread(target=guard.run, args=(stop,))
    thread.start()
    client = HubClient(place.hub, "run")
    try:
        assert client.connect()
        assert client.send(Watch())
        yield client
    finally:
        stop.set()
        thread.join(timeout=20)
        client.close()
        assert not thread.is_alive()


@contextmanager
def signing(place: Place) -> Iterator[None]:
    stop, end = socket.socketpair()
    thread = threading.Thread(
        target=signer.serve, args=(place,), kwargs={"users": {os.getuid(): ""}, "clock": SystemClock(), "stop": stop}
    )
    thread.start()
    while thread.is_alive() and not place.signer.exists():
        pass
    try:
        yield
    finally:
        end.send(b"x")
        thread.join()
        stop.close()
        end.close()


def has_fault(what: str) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, Health) and any(f.startswith(what) for f in message.faults)


def has_no_fault(message: Message) -> bool:
    """Nothing is wrong, but that nobody records: these boxes have a guard and nothing else."""
    if not isinstance(message, Health) or message.entries <= 0:
        return False
    return all(
        fault.startswith(("camera gate: nothing has been heard", "process record@gate")) for fault in message.faults
    )
