"""From configuration to files and units of the system: what should be there is decided here, and put elsewhere."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vigil.config.model import Config, Network

RECORDERS = "vigil-record@"
GUARD = "vigil-guard.service"
BODY = "vigil-body.service"
LOOKOUT = "vigil-lookout.service"
ALWAYS = (GUARD, BODY)
"""These are started with the box; the others as the configuration asks for them."""
CABLE = "10-vigil-cable.network"
"""The file of networkd for a fixed address; without it, what the image brings along asks the network (DHCP)."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Units to start, to stop, and to start anew."""

    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def recorder_of(camera: str) -> str:
    """Return the unit that records a camera."""
    return f"{RECORDERS}{camera}.service"


def wanted(config: Config) -> dict[str, str]:
    """Return the units that should run, each with a digest of the settings that it reads when it starts."""
    common = (config.system, config.owner, config.recording, config.storage)
    units: dict[str, tuple[Any, ...]] = {
        recorder_of(camera.id): (camera, *common) for camera in config.cameras if camera.enabled
    }
    if config.presence.enabled and config.members:
        units[LOOKOUT] = (config.system, config.presence, *config.members)
    panel = (config.button, config.lamps)
    house = (config.location, *config.sensors, *config.rules, config.presence, *config.members)
    guard = (config.journal, config.arm, config.ups, *panel, *config.cameras, *common, *house)
    always = {GUARD: _digest(guard), BODY: _digest((config.system, config.ups, *panel, *config.sensors))}
    return {unit: _digest(read) for unit, read in units.items()} | always


def matters(unit: str) -> bool:
    """Say whether a configuration is given up again where this unit does not run: recording is what it is for."""
    return unit.startswith(RECORDERS)


def _digest(tables: Iterable[Any]) -> str:
    """Return what settings are known by: passwords are among them."""
    return hashlib.sha256(json.dumps([asdict(table) for table in tables]).encode()).hexdigest()


def changes(want: Mapping[str, str], running: Collection[str], applied: Mapping[str, str]) -> Changes:
    """
    Return what is to be done so that the units `want` run, and none of them with settings of before.

    `applied` are the digests with which units were started; of those not in it nothing is known, so they stay.
    """
    ours = {unit for unit in running if unit.startswith(RECORDERS) or unit == LOOKOUT}
    return Changes(
        start=tuple(sorted(set(want) - {*ALWAYS} - ours)),
        stop=tuple(sorted(ours - set(want))),
        restart=tuple(sorted(u for u in want if u in running and applied.get(u, want[u]) != want[u])),
    )


def cable(network: Network) -> str | None:
    """
    Return networkd's file for a fixed address on the cable, None where the network is asked.

    An address that is none is as good as none given: the box must stay reachable.
    """
    if not _is_interface(network.address):
        return None
    lines = ["[Match]", "Type=ether", "", "[Link]", "RequiredForOnline=no", "", "[Network]", "MulticastDNS=yes",
             "LinkLocalAddressing=yes", f"Address={network.address}"]  # fmt: skip
    lines += [f"Gateway={network.gateway}"] if _is_address(network.gateway) else []
    lines += [f"DNS={network.dns}"] if _is_address(network.dns) else []
    return "\n".join(lines) + "\n"


def radio(network: Network) -> str | None:
    """Return wpa_supplicant's file, None where no radio network is to be joined."""
    if not network.wifi_name:
        return None
    # In hexadecimal no name or password can mean anything but itself.
    name = network.wifi_name.encode()
    key = "key_mgmt=NONE"
    if network.wifi_password:
        key = "psk=" + hashlib.pbkdf2_hmac("sha1", network.wifi_password.encode(), name, 4096, 32).hex()
    country = [f"country={network.wifi_country}"] if network.wifi_country != "00" else []
    return "\n".join([*country, "network={", f"    ssid={name.hex()}", "    scan_ssid=1", f"    {key}", "}"]) + "\n"


def problems(network: Network) -> list[str]:
    """Say what of the network's settings is not used, and why."""
    wrong = [(key, value) for key, value in (("gateway", network.gateway), ("dns", network.dns)) if value]
    found = [f"network.{key} = {value}: not an address" for key, value in wrong if not _is_address(value)]
    if network.address and not _is_interface(network.address):
        found.append(f"network.address = {network.address}: not an address, so the network is asked for one")
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_interface(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "/" in text
