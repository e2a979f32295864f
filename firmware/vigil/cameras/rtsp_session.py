"""An open connection to a network camera that is sending: opened, read in big pieces, kept alive, let go."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from vigil.cameras.rtsp_auth import Credentials, split_address
from vigil.cameras.rtsp_dialogue import Dialogue, Moved, Track
from vigil.cameras.rtsp_wire import Frame, Wire
from vigil.errors import CameraLost, FormatError, StreamRefused

PORT = 554
MOST_MOVES = 3

SETTLE_S = 0.5
"""While opening, an answer of which nothing more comes for so long is whole, whatever length it said."""

WAITING_BYTES = 1 << 21
"""So much may wait in the kernel between two looks, if it has the memory: a beat of a recorder at 14 Mbit/s."""

MOST_AT_ONCE = 1 << 22
"""After so much in one go others get their turn."""


class RtspSession:
    """
    A camera's streams. Constructing one opens them within `connect_timeout_s`, or raises `CameraLost`.

    From then on nothing waits. Only one thread at a time may use it. `called`
    is the camera's name in messages: the address may hold a password.
    """

    def __init__(self, address: str, *, called: str, audio: bool, connect_timeout_s: float, now_us: int) -> None:
        self._called = called
        self._early: list[Frame] = []
        opening = _Opening(called, connect_timeout_s, self._early)
        try:
            where, credentials = split_address(address)
            self._socket, self._wire, self._talk = opening.opened(where, credentials, audio=audio)
        except FormatError as error:
            raise CameraLost(f"{called} sends garbage: {error}") from error
        except ValueError:
            lost = f"{called} is no address of a camera"
        else:
            lost = ""
        if lost:
            raise CameraLost(lost)
        self._said_us = now_us

    @property
    def tracks(self) -> list[Track]:
        """The streams that come, and on which channels."""
        return self._talk.tracks

    @property
    def last_refusal(self) -> str:
        """What the camera last said no to."""
        return self._talk.last_refusal

    @property
    def junk(self) -> int:
        """How many bytes were skipped because they made no sense."""
        return self._wire.junk

    def fileno(self) -> int:
        """Return the connection's descriptor."""
        return self._socket.fileno()

    def pieces(self) -> Iterator[list[Frame]]:
        """
        Yield the packets that are there, a piece at a time.

        Raises `CameraLost` when the camera hangs up or sends garbage.
        """
        if self._early:
            yield self._early
            self._early = []
        taken = 0
        while taken < MOST_AT_ONCE:
            room = self._wire.room()
            try:
                size = self._socket.recv_into(room)
            except BlockingIOError:
                return
            except OSError:
                size = -1
            if size <= 0:
                raise CameraLost(f"{self._called} {'broke the connection off' if size else 'ended the stream'}")
            try:
                frames, messages = self._wire.received(size)
            except FormatError as error:
                raise CameraLost(f"{self._called} sends garbage: {error}") from error
            for message in messages:
                self.send(self._talk.hear(message))
            yield frames
            taken += size
            if size < len(room):
                return

    def stay(self, now_us: int) -> None:
        """Give a sign of life when half the time is over that the camera waits for one."""
        if now_us - self._said_us >= self._talk.timeout_s * 500_000:
            self._said_us = now_us
            self.send(self._talk.sign_of_life())

    def send(self, data: bytes) -> None:
        """Send something small. That the camera is gone shows when it is read."""
        if data:
            with contextlib.suppress(OSError):
                self._socket.send(data)

    def close(self) -> None:
        """Say goodbye, without waiting for an answer. May be called twice."""
        if self._socket.fileno() >= 0:
            self.send(self._talk.end())
            with contextlib.suppress(OSError):
                # Closing alone would not wake whoever waits for it.
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()


class _Opening:
    """The first seconds of a connection. Packets that come before the camera has said yes to all go to `early`."""

    def __init__(self, called: str, timeout_s: float, early: list[Frame]) -> None:
        self._called = called
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._early = early

    def opened(
        self, where: str, credentials: Credentials | None, *, audio: bool
    ) -> tuple[socket.socket, Wire, Dialogue]:
        for _ in range(MOST_MOVES):
            talk = Dialogue(where, credentials, called=self._called, audio=audio, random_bytes=os.urandom)
            connection = self._connected(where)
            try:
                wire = self._talked(connection, talk)
            except Moved as moved:
                connection.close()
                where, credentials = _moved(where, moved.address, credentials)
            except OSError:
                connection.close()
                break
            except BaseException:
                connection.close()
                raise
            else:
                return connection, wire, talk
        else:
            raise CameraLost(f"{self._called} sends us from one address to the next")
        raise CameraLost(f"{self._called} broke the connection off")

    def _connected(self, where: str) -> socket.socket:
        parts = urlsplit(where)
        if parts.scheme != "rtsp":
            raise StreamRefused(f"{self._called} is not an rtsp:// address")
        try:
            return socket.create_connection((parts.hostname or "", parts.port or PORT), max(0.001, self._left_s()))
        except ConnectionRefusedError:
            lost = f"nothing answers at {self._called}: is the camera on, and the port right?"
        except TimeoutError:
            lost = self._no_answer()
        except OSError:
            lost = f"{self._called} cannot be reached: is its name right, and the network up?"
        raise CameraLost(lost)

    def _talked(self, connection: socket.socket, talk: Dialogue) -> Wire:
        """Talk until the camera plays; leave the connection such that nobody ever waits for it."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire()
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        connection.sendall(talk.begin())
        while not talk.playing:
            if poll.poll(1000 * min(self._left_s(), SETTLE_S)):
                size = connection.recv_into(wire.room())
                if not size:
                    raise ConnectionResetError
                frames, messages = wire.received(size)
            else:
                frames, messages = wire.settle()
            self._early += frames
            for message in messages:
                connection.sendall(talk.hear(message))
            if self._left_s() <= 0 and not talk.playing:
                raise CameraLost(self._no_answer())
        wire.expect([track.channel + more for track in talk.tracks for more in (0, 1)])
        connection.setblocking(False)
        # Nobody waits for so much, but the kernel makes room for it, so that the camera can go on sending meanwhile.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, WAITING_BYTES)
        return wire

    def _left_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _no_answer(self) -> str:
        return f"{self._called} did not answer properly within {self._timeout_s:g} s"


def _moved(where: str, address: str, credentials: Credentials | None) -> tuple[str, Credentials | None]:
    """Return where to go on; the password goes along only to the same host, unless the new address brings its own."""
    target, own = split_address(urljoin(where, address))
    same = urlsplit(target).hostname == urlsplit(where).hostname
    return target, own or (credentials if same else None)
