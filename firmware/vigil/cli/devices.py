"""`vigil devices`: what is plugged in, whether it was let in, and by which name a camera stays the same."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from vigil.body.hotplug import Device, camera_devices


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `devices`."""
    words = "what is plugged in, whether it was let in, and how to name each USB camera"
    command = subparsers.add_parser("devices", help=words, description=words)
    command.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    from vigil.body.hotplug import devices
    from vigil.body.hotplug_udev import Udev

    udev = Udev()
    print("\n".join(lines(devices(udev.usb()), udev.cameras())))
    udev.close()
    return 0


def lines(found: Sequence[Device], cameras: Sequence[Mapping[str, str]]) -> list[str]:
    """Return it for people: a line for each device, then for each camera the line that its table needs."""
    told = []
    for one in found:
        verdict = "let in" if one.let_in else "REFUSED"
        told.append(f"{one.port:10} {one.kind:9} {verdict:8} {one.vendor}:{one.product} {one.words}")
    for camera, device in zip(cameras, camera_devices(cameras), strict=True):
        name = camera.get("ID_V4L_PRODUCT") or camera.get("ID_MODEL", "a camera")
        told.append(f'device = "{device or camera.get("DEVNAME", "")}"    # {_printed(name)}')
    return told or ["Nothing is plugged in that this box judges, and no USB camera."]


def _printed(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)[:64]
