"""Things that answer where a camera should: noise, silence, and a line that goes bad."""

from __future__ import annotations

import random
import socket
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Listener(ABC):
    """A TCP port; each connection is handled by `handle` in a thread of its own. Use it as a context manager."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @abstractmethod
    def handle(self, client: socket.socket) -> None:
        """Serve one connection; an `OSError` ends it."""

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._guarded, args=(client,), daemon=True).start()

    def _guarded(self, client: socket.socket) -> None:
        try:
            self.handle(client)
        except OSError:
            pass  # the other side went away

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Closing alone does not wake accept(2).
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for client in self._open:
            client.close()
        self._thread.join()


class Noise(Listener):
    """Sends random bytes, whatever it is asked."""

    def handle(self, client: socket.socket) -> None:
        dice = random.Random(1)
        while True:
            client.sendall(dice.randbytes(4096))


class Silence(Listener):
    """Takes connections and says nothing."""

    def handle(self, client: socket.socket) -> None:
        client.recv(1)
        threading.Event().wait(60)


class BadLine(Listener):
    """Relays to another port; after `good_bytes` towards the client, noise of the same length comes instead."""

    def __init__(self, port: int, good_bytes: int) -> None:
        self._to = port
        self._good_bytes = good_bytes
        super().__init__()

    def handle(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._to))
        self._open.append(server)
        threading.Thread(target=self._upstream, args=(client, server), daemon=True).start()
        dice = random.Random(2)
        left = self._good_bytes
        while data := server.recv(65536):
            client.sendall(data[: max(0, left)] + dice.randbytes(len(data) - max(0, min(left, len(data)))))
            left -= len(data)

    @staticmethod
    def _upstream(client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(4096):
                server.sendall(data)
        except OSError:
            pass  # the other side went away
