"""`vigil ups`: find the UPS that is plugged in, and see how it is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.data_dir import default_data_dir

if TYPE_CHECKING:
    from vigil.body.nut_files import Device
    from vigil.config.model import Config

_NONE = """No UPS was found on the USB sockets. Is its data cable plugged in, at both ends? Some need the cable
that came with them. NUT's list of what it can read: https://networkupstools.org/stable-hcl.html"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ups`."""
    ups = subparsers.add_parser("ups", help="the battery behind the mains: find it, see how it is")
    commands = ups.add_subparsers(dest="what", metavar="WHAT", required=True)
    find = commands.add_parser("find", help="look for a UPS on the USB sockets, and let NUT read it from now on")
    find.add_argument("--take", type=int, default=0, metavar="N", help="of several, the Nth")
    find.set_defaults(run=_find)
    status = commands.add_parser("status", help="what the UPS says now, and what Vigil makes of it")
    status.set_defaults(run=_status)
    for command in (find, status):
        command.add_argument("--data", type=Path, default=default_data_dir(), metavar="DIR", help="(%(default)s)")


def _find(given: argparse.Namespace) -> int:
    from vigil.processes.confirm import slot_here
    from vigil.processes.group import as_unit_of_ours
    from vigil.processes.place import Place
    from vigil.processes.ups_find import Finding, restart_units, scan
    from vigil.store.disk import Disk

    devices = scan()
    device = chosen(devices, given.take)
    if device is None:
        print("\n".join(listed(devices)) if devices else _NONE)
        return 1
    data = given.data.absolute()
    config = _config(data)
    as_unit_of_ours()
    finding = Finding(Place(data).state, Disk())
    finding.write(device, config.ups)
    print(f"Found: {device.words or 'a UPS'} (driver {device.driver}). NUT's files are in {finding.place}.")
    if slot_here() is not None:
        restart_units()
    if not config.ups.enabled:
        print("For Vigil to heed it, put this into the configuration:\n\n    [ups]\n    enabled = true\n")
    return 0


def chosen(devices: list[Device], take: int) -> Device | None:
    """Return the one that was meant; None where that is not clear."""
    if len(devices) == 1 and not take:
        return devices[0]
    return devices[take - 1] if 1 <= take <= len(devices) else None


def listed(devices: list[Device]) -> list[str]:
    """Return the lines that ask for a choice."""
    lines = [
        f"{n}. {one.words or one.driver}, serial number {one.serial or 'unknown'}" for n, one in enumerate(devices, 1)
    ]
    return [*lines, "Which one feeds this box? Give its number: vigil ups find --take 1"]


def _status(given: argparse.Namespace) -> int:
    from contextlib import closing

    from vigil.body.ups import UpsWatch
    from vigil.clock import SystemClock
    from vigil.guard.power_table import alarms, judged
    from vigil.guard.probes import FAULTS

    settings = _config(given.data.absolute()).ups
    with closing(UpsWatch(settings, SystemClock())) as watch:
        look = watch.look()
    if look.trouble:
        print(f"The UPS {settings.ups_name} at {settings.nut_host} cannot be read: {look.words}")
        if not settings.enabled:
            print("Vigil watches none: ups.enabled is false. `vigil ups find` sets up one that is plugged in.")
        return 1
    print(f"{look.model or settings.ups_name}: {judged(look, 'unknown', settings)} ({' '.join(look.status)})")
    if look.charge_pct >= 0:
        print(f"battery  {look.charge_pct:.0f} %; low at {settings.low_battery_threshold_pct} %")
    if look.runtime_s >= 0:
        print(f"lasts    {look.runtime_s} s; the box shuts down at {settings.critical_runtime_threshold_s} s")
    for kind in (FAULTS[f"power.{alarm}"] for alarm in alarms(look)):
        print(f"fault    {kind.means} {kind.do}")
    if not settings.enabled:
        print("Vigil does not heed it: ups.enabled is false.")
    return 0


def _config(data: Path) -> Config:
    from vigil.config.files import ConfigFiles, boot
    from vigil.store.disk import Disk

    # As a box that starts reads it, but nothing is written here.
    return boot(ConfigFiles.below(data), Disk().read_bytes, lambda _path, _content: None).config
