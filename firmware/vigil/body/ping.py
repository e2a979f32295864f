"""Echo requests without privilege: the kernel's datagram sockets for ICMP, open to the groups that the system names."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable

from vigil.errors import DeviceError

_REQUEST, _REPLY = 8, 0
_HEADER = struct.Struct("!BBHHH")
_NONCE_BYTES = 12
_NOT_NOW = (errno.EAGAIN, errno.ENOBUFS, errno.EHOSTUNREACH, errno.EHOSTDOWN)


class Pings:
    """
    One socket for all. Raises `DeviceError` where the system grants none.

    `random_bytes` gives the nonce by which a reply is known for one of ours.
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP)
        except PermissionError as error:
            raise DeviceError(
                "the system grants no pings to this process: net.ipv4.ping_group_range must name its group "
                "(docs/guide/presence.md)"
            ) from error
        except OSError as error:
            raise DeviceError(f"no pings can be sent: {error.strerror}") from error
        self._nonce = random_bytes(_NONCE_BYTES)
        self.sent = 0

    def fileno(self) -> int:
        """Return a descriptor that can be read when a reply came."""
        return self._socket.fileno()

    def send(self, address: str, number: int) -> str:
        """Send a request with a number of 16 bits; return why no network takes it, or nothing."""
        # The kernel puts in checksum and identifier, and gives us the replies to this identifier alone.
        packet = _HEADER.pack(_REQUEST, 0, 0, 0, number) + self._nonce
        try:
            self._socket.sendto(packet, (address, 0))
        except OSError as error:
            # That one host is not there is what its silence will say.
            return "" if error.errno in _NOT_NOW else f"nothing can be sent: {error.strerror}"
        self.sent += 1
        return ""

    def receive(self) -> list[tuple[str, int]]:
        """Return who has replied to a request of ours, and to which."""
        found: list[tuple[str, int]] = []
        while True:
            try:
                data, (address, _) = self._socket.recvfrom(1500)
            except OSError:
                return found
            if len(data) >= _HEADER.size and data[_HEADER.size :] == self._nonce:
                kind, _, _, _, number = _HEADER.unpack_from(data)
                found += [(address, number)] if kind == _REPLY else []

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
