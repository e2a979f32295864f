"""What must hold between the members of a household and their devices, when each is right by itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from vigil.config.model_presence import Member, Presence
from vigil.config.redact import shown

MEMBERS_AT_MOST = 200

_HARDWARE = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

HOME_NETWORKS = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
)
"""The addresses of home networks (RFC 1918, 3927, 6598). Whoever looks for members may reach no others."""


def as_hardware(device: str) -> str:
    """Return a hardware address as the kernel writes it (``02:42:ac:11:00:02``), or nothing where it is none."""
    found = device.lower().replace("-", ":")
    return found if _HARDWARE.fullmatch(found) else ""


def as_address(device: str) -> str:
    """Return an IPv4 address as it is, or nothing where it is none."""
    try:
        return str(ipaddress.IPv4Address(device))
    except ValueError:
        return ""


def is_of_a_home(address: str) -> bool:
    """Say whether an IPv4 address is one of a home network."""
    return any(ipaddress.IPv4Address(address) in network for network in HOME_NETWORKS)


def device_problem(device: str) -> str:
    """Return why a device cannot be looked for, or nothing."""
    if as_hardware(device):
        # The lowest bit of the first byte means a group of devices (IEEE 802).
        return "this is the address of a group of devices" if int(as_hardware(device)[:2], 16) & 1 else ""
    if address := as_address(device):
        return "" if is_of_a_home(address) else "this is no address of a home network; nobody outside is asked"
    if ":" in device:
        return "give an IPv4 address, a host name, or a hardware address of six pairs"
    return "" if _NAME.fullmatch(device.lower()) else "this is neither an address nor a host name"


def member_problems(member: Member, earlier: Sequence[Member]) -> list[str]:
    """Return what is wrong with a member by itself, and beside those `earlier` in the file."""
    where = f"presence.member.{member.id}.device = {shown(member.device)}"
    found = [f"{where}: {problem}" for problem in [device_problem(member.device)] if problem]
    rival = next((one for one in earlier if _same(one.device, member.device)), None)
    return [*found, f"{where}: member {rival.id} has it already"] if rival else found


def presence_problem(presence: Presence) -> str:
    """Return what is wrong with `[presence]` by itself, or nothing."""
    problem = device_problem(presence.witness) if presence.witness else ""
    return f"presence.witness = {shown(presence.witness)}: {problem}" if problem else ""


def _same(one: str, other: str) -> bool:
    return (as_hardware(one) or one.lower()) == (as_hardware(other) or other.lower())
