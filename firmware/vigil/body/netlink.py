"""What the kernel knows of its network: links, addresses, routes and neighbours, read by rtnetlink."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from vigil.errors import DeviceError

# linux/rtnetlink.h and linux/netlink.h
NEW_LINK, GET_LINK = 16, 18
NEW_ADDRESS, GET_ADDRESS = 20, 22
NEW_ROUTE, GET_ROUTE = 24, 26
NEW_NEIGHBOUR, GET_NEIGHBOUR = 28, 30
_DONE, _ERROR = 3, 2
_REQUEST_DUMP = 0x01 | 0x300

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_BODIES = {GET_LINK: "=BxHiII", GET_ADDRESS: "=BBBBI", GET_ROUTE: "=BBBBBBBBI", GET_NEIGHBOUR: "=BxxxiHBB"}
_KINDS = {GET_LINK: NEW_LINK, GET_ADDRESS: NEW_ADDRESS, GET_ROUTE: NEW_ROUTE, GET_NEIGHBOUR: NEW_NEIGHBOUR}
_MOST = 4096
_PATIENCE_S = 2.0

Row = tuple[tuple[int, ...], dict[int, bytes]]
"""The fixed part of a message, in its order, and its attributes by their numbers."""


class Netlink:
    """A socket to ask the kernel by; reading its tables needs no privilege. Raises `DeviceError`."""

    def __init__(self) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            self._socket.bind((0, 0))
        except OSError as error:
            raise DeviceError(f"the kernel's tables of the network cannot be read: {error.strerror}") from error
        self._socket.settimeout(_PATIENCE_S)
        self._number = 0

    def rows(self, kind: int, family: int = socket.AF_UNSPEC) -> list[Row]:
        """Return a table (`GET_LINK` …), its first 4096 rows. Raises `DeviceError`."""
        self._number += 1
        body = struct.Struct(_BODIES[kind])
        values = [0] * (len(body.unpack(bytes(body.size))) - 1)
        ask = _HEADER.pack(_HEADER.size + body.size, kind, _REQUEST_DUMP, self._number, 0) + body.pack(family, *values)
        try:
            self._socket.send(ask)
            return list(self._answers(kind, body))[:_MOST]
        except (OSError, struct.error) as error:
            raise DeviceError(f"the kernel's tables of the network cannot be read: {error}") from error

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _answers(self, kind: int, body: struct.Struct) -> Iterator[Row]:
        while True:
            for type_, number, payload in messages(self._socket.recv(65_536)):
                if number != self._number:
                    continue  # of a question that was given up
                if type_ == _DONE:
                    return
                if type_ == _ERROR:
                    raise OSError(-struct.unpack_from("=i", payload)[0], "the kernel refuses")
                if type_ == _KINDS[kind]:
                    yield body.unpack_from(payload), attributes(payload[body.size :])


def messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, number and payload of each message in a packet; what is cut off is left out."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, type_, _, number, _ = _HEADER.unpack_from(data, at)
        if not _HEADER.size <= length <= len(data) - at:
            return
        yield type_, number, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """Return the attributes in the tail of a message by their numbers; what is cut off is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, number = _ATTRIBUTE.unpack_from(data, at)
        if not _ATTRIBUTE.size <= length <= len(data) - at:
            break
        # The two highest bits say how it is written, not what it is.
        found[number & 0x3FFF] = data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found
