"""Who was heard in the network, and what the box's own end of it is like: rows of the kernel become words."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vigil.body.netlink import GET_ADDRESS, GET_LINK, GET_NEIGHBOUR, GET_ROUTE, Netlink, Row

# linux/neighbour.h
REACHABLE = 0x02
_RESOLVED = 0x02 | 0x04 | 0x08 | 0x10

_DESTINATION, _LINK_ADDRESS = 1, 2
_LOCAL, _ADDRESS = 2, 1
_GATEWAY = 5
_MAIN_TABLE = 254
_LOOPBACK, _RUNNING = 0x08, 0x40
_SEARCHED = 512
_NETWORKS = 4


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One entry of the table: an address of either family, the hardware address behind it, and what is known of it."""

    address: str
    hardware: str
    state: int

    @property
    def reachable(self) -> bool:
        """Whether it has answered within the last minute, about."""
        return bool(self.state & REACHABLE)


@dataclass(frozen=True, slots=True)
class OwnEnd:
    """The box's own end: whether a link is up, its IPv4 networks, and the routers that lead out of the house."""

    up: bool = False
    networks: tuple[ipaddress.IPv4Interface, ...] = ()
    routers: tuple[str, ...] = field(default=())

    @property
    def trouble(self) -> str:
        """Why nobody can be asked, or nothing."""
        if not self.up:
            return "no cable is plugged in, and no radio network is joined"
        return "" if self.networks else "the network has given the box no address"

    def to_search(self) -> list[str]:
        """Return every address of the networks, but for those that are too large to be asked through, and our own."""
        small = [one for one in self.networks if one.network.num_addresses <= _SEARCHED][:_NETWORKS]
        return [str(host) for one in small for host in one.network.hosts() if host != one.ip]


class Table:
    """The kernel's tables, each read anew. All raise `DeviceError`."""

    def __init__(self) -> None:
        self._netlink = Netlink()

    def neighbours(self) -> list[Neighbour]:
        """Return the entries whose hardware address is known."""
        return neighbours_of(self._netlink.rows(GET_NEIGHBOUR))

    def own_end(self) -> OwnEnd:
        """Return what the box's own end is like."""
        return own_end_of(
            self._netlink.rows(GET_LINK),
            self._netlink.rows(GET_ADDRESS, socket.AF_INET),
            self._netlink.rows(GET_ROUTE, socket.AF_INET),
        )

    def close(self) -> None:
        """Read no more."""
        self._netlink.close()


def neighbours_of(rows: Iterable[Row]) -> list[Neighbour]:
    """Return the entries that somebody has answered for at some time. Permanent ones were written, not heard."""
    found: list[Neighbour] = []
    for (family, _, state, _, _), values in rows:
        address, hardware = values.get(_DESTINATION, b""), values.get(_LINK_ADDRESS, b"")
        if state & _RESOLVED and len(hardware) == 6 and len(address) == (4 if family == socket.AF_INET else 16):
            found.append(Neighbour(str(ipaddress.ip_address(address)), hardware.hex(":"), state))
    return found


def own_end_of(links: Iterable[Row], addresses: Iterable[Row], routes: Iterable[Row]) -> OwnEnd:
    """Return what links, IPv4 addresses and IPv4 routes say together; loopback is no network."""
    running = {index: flags for (_, _, index, flags, _), _ in links if flags & _RUNNING and not flags & _LOOPBACK}
    networks = []
    for (_, length, _, _, index), values in addresses:
        own = values.get(_LOCAL) or values.get(_ADDRESS, b"")
        if index in running and len(own) == 4:
            networks.append(ipaddress.IPv4Interface((own, length)))
    return OwnEnd(bool(running), tuple(networks), tuple(dict.fromkeys(_routers(routes))))


def _routers(routes: Iterable[Row]) -> Iterable[str]:
    for (_, length, _, _, table, *_), values in routes:
        if length == 0 and table == _MAIN_TABLE and len(values.get(_GATEWAY, b"")) == 4:
            yield str(ipaddress.IPv4Address(values[_GATEWAY]))


def at_router(neighbours: Sequence[Neighbour], routers: Sequence[str]) -> set[str]:
    """Return the hardware addresses of the routers: one that answers for others proves nothing of them."""
    return {one.hardware for one in neighbours if one.address in routers}
