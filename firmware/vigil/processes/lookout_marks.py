"""Which device is meant by what the owner wrote, and which signs of it count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vigil.body.asking import WITNESS, Asking
from vigil.body.neighbours import Neighbour, OwnEnd, at_router
from vigil.config.model_presence import Member, Presence
from vigil.config.presence_checks import as_address, as_hardware


@dataclass(frozen=True, slots=True)
class _Mark:
    """How one is recognised: by an address, a hardware address, or a host name."""

    address: str = ""
    hardware: str = ""
    host: str = ""


class Marks:
    """The members' devices, and that of the witness."""

    def __init__(self, presence: Presence, members: Sequence[Member]) -> None:
        devices = {member.id: member.device for member in members}
        self._marks = {name: _mark_of(device) for name, device in devices.items()}
        self._routers_vouch = not presence.witness
        if presence.witness:
            self._marks[WITNESS] = _mark_of(presence.witness)
        self._pings, self._arp = (presence.method in ("both", one) for one in ("ping", "neighbours"))

    @property
    def hosts(self) -> list[str]:
        """The host names that must be looked up."""
        return sorted({mark.host for mark in self._marks.values() if mark.host})

    def place(self, asking: Asking, own: OwnEnd, hosts: Mapping[str, str]) -> None:
        """Say where everybody is to be asked, as far as that needs no neighbour."""
        for name, mark in self._marks.items():
            if address := mark.address or hosts.get(mark.host, ""):
                asking.at(name, address)
        if self._routers_vouch and own.routers:
            asking.at(WITNESS, own.routers[0])

    def lost(self, asking: Asking) -> bool:
        """Say whether anybody who is known by a hardware address alone does not answer where they were."""
        return any(
            mark.hardware and not (asking.address_of(name) and asking.is_living(name))
            for name, mark in self._marks.items()
        )

    def replied(self, name: str) -> bool:
        """Say whether a reply to a ping proves that it is they; a hardware address must be seen with it."""
        mark = self._marks.get(name)
        return (self._pings or name == WITNESS) and not (mark and mark.hardware)

    def seen(
        self, asking: Asking, neighbours: Sequence[Neighbour], routers: Sequence[str], replied: Iterable[str]
    ) -> dict[str, str]:
        """Return who is there by the neighbour table, and how; where hardware addresses are now is noted on the way."""
        strange = at_router(neighbours, routers)
        by_address = {one.address: one for one in neighbours}
        seen: dict[str, str] = {}
        for name in (WITNESS, *self._marks):
            mark = self._marks.get(name, _Mark())
            if mark.hardware:
                theirs = [one for one in neighbours if one.hardware == mark.hardware]
                _place_hardware(asking, name, theirs)
                if name in replied and any(one.address == asking.address_of(name) for one in theirs) and self._pings:
                    seen[name] = "ping"
            else:
                found = by_address.get(asking.address_of(name))
                # Whoever has the router's hardware address under another name is answered for by the router.
                theirs = [found] if found and (found.hardware not in strange or found.address in routers) else []
            if (self._arp or name == WITNESS) and any(one.reachable for one in theirs):
                seen.setdefault(name, "neighbours")
        return seen


def _place_hardware(asking: Asking, name: str, theirs: Sequence[Neighbour]) -> None:
    old = [one for one in theirs if "." in one.address]
    best = sorted(old, key=lambda one: (not one.reachable, one.address != asking.address_of(name)))
    if best:
        asking.at(name, best[0].address)


def _mark_of(device: str) -> _Mark:
    if hardware := as_hardware(device):
        return _Mark(hardware=hardware)
    address = as_address(device)
    return _Mark(address=address) if address else _Mark(host=device.lower())
