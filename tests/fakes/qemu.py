"""
An emulated machine, as all tests drive it: it boots a card, its serial port is read line by line, and it can be killed.

`virt` is QEMU's own board: quick, with any number of disks, a network and a watchdog. `raspi3b` is a Raspberry Pi 3 as
far as QEMU models it; what its firmware would read from the card (U-Boot and device tree) is read from the card here
too. Only one QEMU runs at a time on a machine: two of them double each other's time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boot.products import cache_directory, flash_environment, u_boot
from fakes.card import Card
from fakes.qmp import Qmp

FLASH_BYTES = 64 << 20
# What the raspi3b of QEMU cannot do without harm: its watchdog resets the board the moment it is armed.
QUIET_WATCHDOG = "systemd.watchdog_sec=0"


def emulated_for(limit_s: int, *, at_length: bool = False) -> list[pytest.MarkDecorator]:
    """
    What a test with an emulated machine is marked with: `pytestmark = emulated_for(2400)`.

    `limit_s` leaves time to wait for another's machine. `at_length` is for what `make test` has no time for.
    """
    when = pytest.mark.torture if at_length else pytest.mark.slow
    return [when, pytest.mark.host, pytest.mark.xdist_group("qemu"), pytest.mark.timeout(limit_s)]


emulated = emulated_for(1200)


class Silence(AssertionError):
    """The machine did not say what it was expected to say; the text is what it said last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """
    What is plugged together. `board` is `virt` or `raspi3b`.

    `arguments` reach the kernel's command line through /chosen/bootargs of the device tree. `ports` are ports of the
    guest; each is forwarded from a free one of this host. `disks` are further raw images (`virt` only). `more` are
    further words for QEMU, `card_drive` replaces how the card is attached (`virt` only): `-blockdev` with node name
    `card`, say.
    """

    board: str
    card: Path
    memory_mib: int = 1024
    arguments: str = ""
    disks: tuple[Path, ...] = ()
    ports: tuple[int, ...] = ()
    is_watched: bool = False
    card_drive: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(slots=True)
class Guest:
    """A machine that runs."""

    machine: Machine
    process: subprocess.Popen[bytes]
    qmp_path: Path
    ports: Mapping[int, int]
    lines: list[str] = field(default_factory=list)
    """Everything the serial port said so far; the last line may be unfinished."""
    _news: threading.Condition = field(default_factory=threading.Condition)
    _seen: int = 0
    _ended: bool = False

    def wait_for(self, pattern: str, *, timeout_s: float, may_be_unfinished: bool = False) -> re.Match[str]:
        """
        The next line that matches; lines before it count as read. Raises `Silence` when none came in time.

        `may_be_unfinished` also looks at a line whose end has not come yet: a prompt.
        """
        expression, until = re.compile(pattern), time.monotonic() + timeout_s
        with self._news:
            while True:
                whole = max(0, len(self.lines) - 1)
                for number in range(self._seen, len(self.lines) if may_be_unfinished else whole):
                    if match := expression.search(self.lines[number]):
                        self._seen = number + 1
                        return match
                self._seen = max(self._seen, whole)
                left_s = until - time.monotonic()
                if self._ended or left_s <= 0 or not self._news.wait(left_s):
                    raise Silence(f"{'ended' if self._ended else 'silent'} waiting for {pattern!r}:\n{self.told()}")

    def wait_until(self, *, lines: int, timeout_s: float) -> None:
        """Wait until the serial port has begun as many lines."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.lines) >= lines or self._ended, timeout_s):
                raise Silence(f"never {lines} lines:\n{self.told()}")

    def told(self, lines: int = 60) -> str:
        """What was said last."""
        return "\n".join(self.lines[-lines:])

    def type(self, text: str) -> None:
        """Put text into the serial port."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def qmp(self) -> Qmp:
        """A control connection to the machine; a context manager."""
        return Qmp(self.qmp_path)

    def kill(self) -> None:
        """The machine is gone at once. What it had written to its disks stays: this is not a power cut of the host."""
        self.process.kill()
        self.process.wait()

    def wait_until_off(self, *, timeout_s: float) -> None:
        """Wait for the machine to switch itself off."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as late:
            raise Silence(f"still on:\n{self.told()}") from late

    def listen(self) -> None:
        """Read the serial port until it ends; runs in a thread."""
        assert self.process.stdout is not None
        rest = b""
        while data := os.read(self.process.stdout.fileno(), 65536):
            *whole, rest = (rest + data).split(b"\n")
            with self._news:
                if self.lines:
                    self.lines.pop()
                self.lines += [_text(line) for line in [*whole, rest]]
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


@contextlib.contextmanager
def running(machine: Machine) -> Iterator[Guest]:
    """Boot the machine; it is killed at the end of the block. Waits while another test has one."""
    with contextlib.ExitStack() as undo:
        undo.enter_context(_alone())
        work = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="vigil-qemu-")))
        ports = {port: _free_port() for port in machine.ports}
        command = [*_NICE, "qemu-system-aarch64", *_board(machine, work), *_common(machine, work, ports)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        guest = Guest(machine=machine, process=process, qmp_path=work / "qmp", ports=ports)
        ear = threading.Thread(target=guest.listen, daemon=True)
        ear.start()
        try:
            yield guest
        finally:
            guest.kill()
            ear.join()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()


_NICE = ("nice", "-n", "19")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    path = cache_directory() / "qemu.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _common(machine: Machine, work: Path, ports: Mapping[int, int]) -> list[str]:
    words = ["-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config"]
    words += ["-accel", "tcg,thread=multi", "-qmp", f"unix:{work}/qmp,server=on,wait=off"]
    # The Pi's first serial port is the Bluetooth's; the second is the console.
    words += ["-serial", "null", "-serial", "stdio"] if machine.board == "raspi3b" else ["-serial", "stdio"]
    if ports:
        forwards = ",".join(f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for there, here in ports.items())
        words += ["-netdev", f"user,id=net,{forwards}"]
        words += [
            "-device",
            "usb-net,netdev=net" if machine.board == "raspi3b" else "virtio-net-pci,netdev=net,romfile=",
        ]
    return [*words, *machine.more]


def _board(machine: Machine, work: Path) -> list[str]:
    return _raspi3b(machine, work) if machine.board == "raspi3b" else _virt(machine, work)


def _raspi3b(machine: Machine, work: Path) -> list[str]:
    card = Card(machine.card)
    (work / "u-boot.bin").write_bytes(card.read(1, "u-boot.bin"))
    tree = work / "firmware.dtb"
    tree.write_bytes(card.read(1, "bcm2837-rpi-3-b.dtb"))
    _set_arguments(tree, f"{QUIET_WATCHDOG} {machine.arguments}".strip())
    return [
        *("-M", "raspi3b", "-kernel", str(work / "u-boot.bin"), "-dtb", str(tree)),
        *("-drive", f"if=sd,format=raw,file={machine.card},aio={_quickest(machine.card)}"),
    ]  # fmt: skip


def _quickest(disk: Path) -> str:
    """
    How QEMU may wait for a file here.

    An SD card is asked for one sector at a time: a thread that does it costs 93 µs, io_uring 6 (measured on two busy
    cores with `qemu-img bench -s 512 -d 1`), and a box starts from that card. Not every kernel lets io_uring in.
    """
    asked = ["qemu-img", "bench", "-c", "1", "-s", "512", "-t", "writeback", "-i", "io_uring", "-f", "raw", str(disk)]
    return "threads" if subprocess.run(asked, capture_output=True).returncode else "io_uring"


def _virt(machine: Machine, work: Path) -> list[str]:
    (work / "flash").write_bytes(flash_environment())
    with (work / "flash").open("r+b") as flash:
        flash.truncate(FLASH_BYTES)
    kind = ("-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", str(machine.memory_mib))
    words = [*kind, "-bios", str(u_boot().virt), "-drive", f"if=pflash,unit=1,format=raw,file={work}/flash"]
    if machine.arguments:
        tree = work / "board.dtb"
        made = subprocess.run(
            # The firmware decides which devices the board has: the tree must come from the same one.
            ["qemu-system-aarch64", *kind[:1], f"virt,dumpdtb={tree}", *words[2:10], "-nodefaults", "-display", "none"],
            check=True,
            capture_output=True,
        )
        assert tree.exists(), made.stderr
        _set_arguments(tree, machine.arguments)
        words += ["-dtb", str(tree)]
    if machine.card_drive:
        words += machine.card_drive
    else:
        words += ["-drive", f"if=none,id=card,format=raw,file={machine.card}"]
    words += ["-device", "virtio-blk-pci,drive=card,bootindex=0"]
    for number, disk in enumerate(machine.disks):
        words += ["-drive", f"if=none,id=disk{number},format=raw,file={disk}"]
        words += ["-device", f"virtio-blk-pci,drive=disk{number}"]
    if machine.is_watched:
        words += ["-device", "i6300esb", "-action", "watchdog=reset"]
    return words


def _set_arguments(tree: Path, arguments: str) -> None:
    """Leave words in the device tree where a Pi's firmware leaves what stands in cmdline.txt."""
    subprocess.run(["fdtput", "-p", "-t", "s", tree, "/chosen", "bootargs", arguments], check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
