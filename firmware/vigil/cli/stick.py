"""`vigil stick`: making a stick that takes recordings away, and copying them to it by hand."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.cli.listing import count
from vigil.errors import StickRefused, VigilError

DONE, NOT_ALL = 0, 1


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `stick`."""
    stick = subparsers.add_parser("stick", help="take sealed recordings away on a USB stick")
    commands = stick.add_subparsers(dest="what", metavar="WHAT", required=True)
    prepare = commands.add_parser(
        "prepare",
        help="make a stick of a USB disk; what is on it is lost",
        description="Only a whole, removable USB disk of which nothing is mounted is taken. All that is on it is lost.",
    )
    prepare.add_argument("device", metavar="DEVICE", type=Path, help="the whole stick, such as /dev/sdb")
    prepare.add_argument(
        "--recipient", metavar="age1…", action="append", default=[],
        help="whose recordings it takes (once or more); without it those of the data directory's configuration",
    )  # fmt: skip
    prepare.add_argument("--yes", action="store_true", help="do not ask")
    _data(prepare)
    prepare.set_defaults(run=_prepare)
    export = commands.add_parser(
        "export", help="copy what was not copied yet, as a hold of the box's button does",
        description="Exit code: 0 all is on the stick; 1 it is not, and why is said.",
    )  # fmt: skip
    export.add_argument(
        "where", metavar="DIR|DEVICE", type=Path, nargs="?",
        help="where the stick is mounted, or its device; without it the prepared stick that is plugged in",
    )  # fmt: skip
    _data(export)
    export.set_defaults(run=_export)


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, default=default_data_dir(), metavar="DIR", help="(%(default)s)")


def _recipients(data: Path, given: list[str]) -> list[str]:
    from vigil.config.recipients import check_recipient
    from vigil.processes.settings import load
    from vigil.store.disk import Disk

    for one in given:
        check_recipient(one)
    return given or list(load(data, Disk()).salvage.config.owner.recipients)


def _prepare(given: argparse.Namespace) -> int:
    from vigil.clock import SystemClock
    from vigil.processes.stick import mounted
    from vigil.processes.stick_prepare import look, make, prepare
    from vigil.processes.usb_disks import disks_let_in

    recipients = _recipients(given.data.absolute(), given.recipient)
    if not recipients:
        raise StickRefused("whose recordings is it for? Give --recipient age1…, or --data with a configuration")
    with disks_let_in():
        found = look(given.device)
        size = f"{found.size_bytes / 1e9:.1f} GB"
        held = f"its partitions {', '.join(found.holds)}" if found.holds else "everything that is on it"
        print(f"{found.device}: {found.words}, {size}. LOST will be: {held}.")
        if not given.yes and not _agreed(found.device):
            print("Nothing was changed.")
            return NOT_ALL
        at = Path("/run" if os.access("/run", os.W_OK) else "/tmp") / f"vigil-stick-{os.getpid()}"
        marker = prepare(
            found.device, recipients, number=os.urandom(16).hex(), at_us=SystemClock().wall_us(), make=make,
            mounted=lambda device: mounted(device, at),
        )  # fmt: skip
        at.rmdir()
    print(f"The stick is ready, for the recipients with the fingerprints {', '.join(marker.recipients)}. Take it out.")
    return DONE


def _agreed(device: Path) -> bool:
    print(f"Type {device.name} to erase it: ", end="", flush=True)
    return sys.stdin.readline().strip() == device.name


def _export(given: argparse.Namespace) -> int:
    import threading

    from vigil.clock import SystemClock
    from vigil.config.files import ConfigFiles, boot
    from vigil.out.stick_copy import Copied
    from vigil.processes.ending import set_when_asked
    from vigil.processes.place import Place
    from vigil.processes.stick import Teller, copy, find, mounted
    from vigil.store.disk import Disk

    # Nothing of the box is written: not even a copy of its configuration.
    config = boot(ConfigFiles.below(given.data.absolute()), Disk().read_bytes, lambda *_: None).config
    place = Place(given.data.absolute(), config.storage.video_dir)
    stop = set_when_asked() if threading.current_thread() is threading.main_thread() else threading.Event()
    teller = Teller(place, stop, _show)
    copied = Copied()
    state, why = "failed", "it was cut short"
    try:
        where = given.where or find()
        at = Path(os.environ.get("RUNTIME_DIRECTORY") or "/run/vigil-stick") / "at"
        with nullcontext(where) if where.is_dir() else mounted(where, at) as stick:
            copied = copy(place, config.owner.recipients, stick, clock=SystemClock(), teller=teller)
        state, why = copied.ended, copied.why
    except (VigilError, OSError) as error:
        state, why = "failed", str(error)
    finally:
        teller.ended(state, why, copied)
    damaged = sum("damaged" in one for one in copied.written)
    amount = f"{count(copied.segments, 'segment')}, {copied.bytes / 1e6:.1f} MB"
    print(f"{state}: {amount}{f', {damaged} of them damaged' if damaged else ''}{f'. {why}' if why else ''}")
    if state != "failed" and not (given.where and given.where.is_dir()):
        print("The stick can be taken out.")
    return DONE if state == "complete" else NOT_ALL


def _show(done_pm: int, copied: object) -> None:  # noqa: ARG001
    if sys.stderr.isatty():
        print(f"\r{done_pm / 10:5.1f} %", end="\r", file=sys.stderr, flush=True)
