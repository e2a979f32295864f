"""
The hub: a Unix socket where the processes of one box meet. One packet is one message.

Sends never block: what does not fit is counted, and whoever needed it reads
the files again. The kernel says who is at the other end (`SO_PEERCRED`).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vigil.errors import FormatError, PeerError
from vigil.events import Answer, Hello, Message
from vigil.processes.packets import LIMIT_BYTES, decode, encode

log = logging.getLogger(__name__)
_LONGEST_PATH = 100
"""A Unix socket's name has 108 bytes at most, and people choose long directories."""


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """Give a name for the socket `path` that fits: where it is too long, one through an open directory."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


@dataclass(eq=False, slots=True)
class Peer:
    """One connection. `name` is what its `Hello` said, `uid` and `pid` what the kernel says."""

    socket: socket.socket
    uid: int
    pid: int
    name: str = ""
    watching: bool = False
    lost: int = field(default=0)

    def send(self, message: Message) -> bool:
        """Send without waiting; False where the peer is full or gone (counted in `lost`)."""
        try:
            self.socket.send(encode(message))
        except (BlockingIOError, OSError):
            self.lost += 1
            return False
        return True


class HubServer:
    """The end that guard holds."""

    def __init__(self, path: Path) -> None:
        self.peers: list[Peer] = []
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        with short(path) as name:
            self._listener.bind(name)
        path.chmod(0o660)
        self._listener.listen(64)
        self._selector = selectors.EpollSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)

    def wait(self, timeout_s: float) -> list[tuple[Peer, Message]]:
        """Return what has arrived, waiting at most `timeout_s`. Peers who speak nonsense are sent away."""
        got: list[tuple[Peer, Message]] = []
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._listener:
                self._accept()
            else:
                got += self._receive(key.data)
        return got

    def fileno(self) -> int:
        """Return a descriptor that can be read when `wait` would return something at once."""
        return self._selector.fileno()

    def broadcast(self, message: Message, *, to: str = "") -> None:
        """Send to every peer whose name begins with `to`."""
        for peer in list(self.peers):
            if peer.name.startswith(to):
                peer.send(message)

    def named(self, name: str) -> Peer | None:
        """Return the peer called `name`, None where it is away."""
        return next((peer for peer in self.peers if peer.name == name), None)

    def close(self) -> None:
        """Send everybody away."""
        for peer in list(self.peers):
            self._gone(peer)
        self._selector.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid, uid, _ = struct.unpack("3i", credentials)
            peer = Peer(connection, uid, pid)
            self.peers.append(peer)
            self._selector.register(connection, selectors.EVENT_READ, peer)

    def _receive(self, peer: Peer) -> list[tuple[Peer, Message]]:
        got: list[tuple[Peer, Message]] = []
        try:
            while data := peer.socket.recv(LIMIT_BYTES + 1):
                message = decode(data)
                if isinstance(message, Hello):
                    peer.name = message.peer
                got.append((peer, message))
        except BlockingIOError:
            return got
        except FormatError as error:
            log.warning("hub: pid %d was sent away: %s", peer.pid, error)
        except OSError as error:
            log.debug("hub: %s is gone: %s", peer.name, error)
        self._gone(peer)
        return got

    def _gone(self, peer: Peer) -> None:
        self._selector.unregister(peer.socket)
        peer.socket.close()
        self.peers.remove(peer)


class HubClient:
    """The end that every other process holds. While guard is away it is silent, and tries again."""

    def __init__(self, path: Path, name: str, *, version: str = "") -> None:
        self._path = path
        self._hello = Hello(peer=name, version=version)
        self._socket: socket.socket | None = None
        self.lost = 0

    @property
    def connected(self) -> bool:
        """Say whether guard is there."""
        return self._socket is not None

    def connect(self) -> bool:
        """Try to reach guard; say whether it is there."""
        if self._socket:
            return True
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        try:
            with short(self._path) as name:
                connection.connect(name)
        except OSError as error:
            connection.close()
            if error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN):
                log.debug("hub: %s", error)
            return False
        self._socket = connection
        return self.send(self._hello)

    def send(self, message: Message) -> bool:
        """Send without waiting; False where guard is away or full."""
        if not self._socket:
            return False
        try:
            self._socket.send(encode(message))
        except BlockingIOError:
            self.lost += 1
            return False
        except OSError:
            self.close()
            return False
        return True

    def receive(self) -> list[Message]:
        """Return what has arrived, without waiting."""
        got: list[Message] = []
        while self._socket:
            try:
                data = self._socket.recv(LIMIT_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.close()
                break
            try:
                got.append(decode(data))
            except FormatError as error:
                # A newer guard may know more words than we do.
                log.warning("hub: a message was left out: %s", error)
        return got

    def ask(self, message: Message, *, timeout_s: float = 5.0) -> list[Answer]:
        """
        Send `message` and return its answer, which comes within `timeout_s`; what else guard says is passed over.

        Raises `PeerError`.
        """
        if not self.connect() or not self.send(message):
            raise PeerError(f"guard does not answer at {self._path}: is Vigil running?")
        for one in self.listen(timeout_s=timeout_s):
            if isinstance(one, Answer):
                return [one]
        if not self.connected:
            raise PeerError("guard went away before it had answered: ask again")
        raise PeerError(f"guard did not answer within {timeout_s:g} s")

    def listen(self, *, timeout_s: float) -> Iterator[Message]:
        """Yield what guard says, as it comes, for so long at most, or until guard is gone."""
        until_s = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            if self._socket:
                selector.register(self._socket, selectors.EVENT_READ)
            while self._socket and selector.select(max(0.0, until_s - time.monotonic())):
                yield from self.receive()

    def fileno(self) -> int:
        """Return the descriptor to wait on, -1 while guard is away."""
        return self._socket.fileno() if self._socket else -1

    def close(self) -> None:
        """Leave."""
        if self._socket:
            self._socket.close()
            self._socket = None
