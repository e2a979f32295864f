"""
A box that records, made once: its first boot is done, its slot confirmed, and its memory kept with its card.

A boot takes minutes in the emulator. A scenario that begins with a running box takes it from here in seconds:

    with resumed(recording_box(), tmp_path) as box:
        box.shell.ask("kill -STOP $(systemctl show --value -p MainPID vigil-record@bench)")
        box.shell.until_recording(...)

One that begins with a start uses `cold`, on an overlay, or a `copy` whose partitions it may change first. Kept in the
image cache under a hash of the card and of what is said here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boot.products import cache_directory
from builder.cache import hash_of, hash_of_files
from fakes.box import until
from fakes.card import Card
from fakes.configs import KEYS
from fakes.image import built
from fakes.inside import copy_of, files_of
from fakes.inside_shell import SHELL, START_S, Shell
from fakes.qemu import Guest, Machine, running

SIZE_MIB = 4096
PORTS = (443,)
SETUP = f"""owner_recipient = "{KEYS[0]}"
hostname = "garage"

[[camera]]
id = "bench"
source = "synthetic"
width = 320
height = 240
fps = 5
bit_rate_kbps = 200
"""
# Boxes that no test has used for so long are swept away: each has some hundred megabytes.
KEPT_S = 2 * 86400
# The guest's time stands still while its memory lies on this disk.
CLOCK = ("-rtc", "clock=vm")


@dataclass(frozen=True, slots=True)
class Box:
    """The product: a card that is never written again, and the memory of the machine that ran from it."""

    home: Path

    @property
    def card(self) -> Path:
        """The card as the recording machine left it at one moment, as if its power had failed then."""
        return self.home / "card.img"

    @property
    def memory(self) -> Path:
        """What the machine's memory held at that moment."""
        return self.home / "memory.zst"

    def overlay(self, place: Path) -> Path:
        """A qcow2 image that holds what differs from the card; nothing at first."""
        form = ["-q", "-f", "qcow2", "-F", "raw"]
        subprocess.run(["qemu-img", "create", *form, "-b", self.card, place], check=True)
        return place

    def copy(self, place: Path) -> Card:
        """A card of its own, for a test that changes it before it starts."""
        subprocess.run(["cp", "--sparse=always", self.card, place], check=True)
        return Card(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the selector said of a start: the slot, what came before (`power`, `reset`), and the tries A and B have."""

    slot: str
    after: str
    left: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How a box came back: the start after the fault; seconds from the fault to it, and to a durable fragment."""

    start: Start
    reset_s: float
    records_s: float


@dataclass(frozen=True, slots=True)
class Running:
    """A box that runs: the machine, a shell in it, and the session that signed when it was kept ('' after `cold`)."""

    guest: Guest
    shell: Shell
    session: str = ""

    def start(self, *, timeout_s: float = START_S) -> Start:
        """Wait until the selector has chosen, after a reset or at the beginning, and return what it said."""
        pattern = r"^Vigil: slot (\w) after (\w+), left A (\d) B (\d), trial (\S+), cuts (\w+)"
        said = self.guest.wait_for(pattern, timeout_s=timeout_s)
        return Start(slot=said[1], after=said[2], left=(int(said[3]), int(said[4])))

    def records_after_reset(self, began: float, *, timeout_s: float = START_S) -> Recovery:
        """
        Wait for a reset, and until something is durable again; `began` is when the fault was made.

        Both are seconds of this machine's steady clock, as are those returned.
        """
        start = self.start(timeout_s=timeout_s)
        reset_s = time.monotonic() - began
        self.shell.wait()
        self.shell.until_recording(instead_of=self.session)
        return Recovery(start=start, reset_s=reset_s, records_s=time.monotonic() - began)


def recording_box() -> Box:
    """The box of this checkout's image; made where it is not in the cache, which takes a whole first boot."""
    image = built().image
    here = Path(__file__).parent
    version = subprocess.run(["qemu-system-aarch64", "--version"], check=True, capture_output=True, text=True).stdout
    inputs = {
        "card": image.parent.name,
        "qemu": version.splitlines()[0],
        "said": (SIZE_MIB, SETUP, SHELL),
        "code": hash_of_files(here / "inside.py", here / "qemu.py"),
    }
    cache_directory().mkdir(parents=True, exist_ok=True)
    with (cache_directory() / "box.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home = cache_directory() / f"box-{hash_of(inputs)}"
        if not home.exists():
            rough = cache_directory() / "box-in-the-making"
            shutil.rmtree(rough, ignore_errors=True)
            rough.mkdir()
            _make(rough, image)
            rough.rename(home)
        os.utime(home)
        for other in cache_directory().glob("box-*"):
            if time.time() - other.stat().st_mtime > KEPT_S:
                shutil.rmtree(other)
    return Box(home)


@contextlib.contextmanager
def resumed(box: Box, place: Path, *, more: tuple[str, ...] = ()) -> Iterator[Running]:
    """The box from the moment at which it was kept: it records, on an overlay of its own below `place`."""
    words = ("-incoming", f"exec:zstd -dcq {box.memory}", *CLOCK, *more)
    with running(_machine(_qcow2(box.overlay(place / "card.qcow2")), words)) as guest:
        _go_on(guest)
        shell = Shell(guest)
        shell.ask("true", timeout_s=60)
        yield Running(guest, shell, (box.home / "session").read_text())


@contextlib.contextmanager
def cold(card: Path, *, arguments: str = "", more: tuple[str, ...] = (), is_watched: bool = True) -> Iterator[Running]:
    """The box from its start; `card` is an overlay (`.qcow2`) or a copy. Wait for its shell, where it gets so far."""
    drive = _qcow2(card) if card.suffix == ".qcow2" else ()
    with running(_machine(drive, more, card=card, arguments=arguments, is_watched=is_watched)) as guest:
        yield Running(guest, Shell(guest))


def _machine(
    drive: tuple[str, ...],
    more: tuple[str, ...],
    *,
    card: Path = Path(os.devnull),
    arguments: str = "",
    is_watched: bool = True,
) -> Machine:
    return Machine(
        board="virt", card=card, card_drive=drive, arguments=arguments, ports=PORTS, is_watched=is_watched, more=more
    )


def _qcow2(overlay: Path) -> tuple[str, ...]:
    return ("-drive", f"if=none,id=card,format=qcow2,file={overlay}")


def _make(product: Path, image: Path) -> None:
    """Boot a flashed card, let it make what it lacks, and keep it when it records and its slot is confirmed."""
    card = copy_of(image, product / "card.img", size_mib=SIZE_MIB, setup=SETUP, script=SHELL)
    card.add_to_initrd(3, files_of(SHELL))
    with running(_machine((), CLOCK, card=card.path)) as guest:
        shell = Shell(guest)
        shell.wait()
        session, _ = shell.until_recording()
        # It is gone once the slot is confirmed, 75 s after the recorder began.
        shell.ask("while systemctl is-active -q vigil-confirm; do sleep 1; done", timeout_s=START_S)
        shell.ask(
            "for name in state video; do integritysetup status vigil-$name; dmsetup status vigil-$name; done; sync"
        )
        (product / "session").write_text(session)
        _keep_memory(guest, product / "memory.zst")


def _go_on(guest: Guest) -> None:
    """Let a machine run whose memory is being read: it was kept while it stood still, and does so until it is told."""
    with guest.qmp() as control:
        until(lambda: control.execute("query-status")["status"] != "inmigrate", within_s=120)
        state = control.execute("query-status")["status"]
        assert state == "paused", f"the machine is {state}"
        control.execute("cont")


def _keep_memory(guest: Guest, target: Path) -> None:
    """Stop the machine for good, and keep what its memory holds."""
    with guest.qmp() as control:
        control.execute("stop")
        control.execute("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        control.execute("migrate", uri=f"exec:zstd -q -1 > {target}")
        until(lambda: control.execute("query-migrate")["status"] in ("completed", "failed"), within_s=300)
        state = control.execute("query-migrate")["status"]
        assert state == "completed", f"the machine's memory cannot be kept: {state}"
        control.execute("quit")
    guest.wait_until_off(timeout_s=60)
