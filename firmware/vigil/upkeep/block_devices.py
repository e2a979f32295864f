"""The card and its partitions, touched through the system's own tools, each with a limit to its time."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vigil.errors import DeviceError
from vigil.upkeep.partition_table import SECTOR, Partition, Writes

log = logging.getLogger(__name__)
MAPPER = Path("/dev/mapper")
_LAST_S = 1


class Tool:
    """Runs a program for at most so long. One that cannot even be killed is left behind."""

    def run(self, *command: str, limit_s: float, good: Sequence[int] = (0,)) -> tuple[int, str]:
        """Return exit code and output. Raises `DeviceError` for a code not in `good`, or when the time is over."""
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        except OSError as error:
            raise DeviceError(f"{command[0]} cannot be started: {error.strerror}") from error
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            # A process that waits for a dying card does not end when it is killed; nobody waits for it then.
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_LAST_S)
            raise DeviceError(f"{command[0]} was not done after {limit_s:g} s: does the card still answer?") from error
        if process.returncode not in good:
            last = said.strip().splitlines()[-1:] or ["it said nothing"]
            raise DeviceError(f"{' '.join(command)} failed with {process.returncode}: {last[0]}")
        return process.returncode, said


class Card:
    """The whole disk the system runs from."""

    def __init__(self, device: Path) -> None:
        self.device = device

    def read_sector(self, number: int) -> bytes:
        """Return one sector. Raises `DeviceError`."""
        with _told(f"{self.device} cannot be read"), self.device.open("rb", buffering=0) as disk:
            return os.pread(disk.fileno(), SECTOR, number * SECTOR)

    def write_sectors(self, writes: Writes) -> None:
        """Write sectors in their order, each durable before the next. Raises `DeviceError`."""
        with _told(f"{self.device} cannot be written"), self.device.open("r+b", buffering=0) as disk:
            for number, data in writes:
                if os.pwrite(disk.fileno(), data, number * SECTOR) != SECTOR:
                    raise DeviceError(f"{self.device}: sector {number} was written in part only")
                os.fsync(disk.fileno())

    def sectors(self) -> int:
        """Return how many sectors the card has."""
        with _told(f"{self.device} cannot be opened"), self.device.open("rb", buffering=0) as disk:
            return os.lseek(disk.fileno(), 0, os.SEEK_END) // SECTOR

    def partition(self, number: int) -> Path:
        """Return the device of a partition."""
        name = str(self.device)
        return Path(f"{name}p{number}" if name[-1].isdigit() else f"{name}{number}")

    def tell_kernel(self, tool: Tool, partitions: Sequence[Partition]) -> None:
        """Let the kernel know of partitions just made; those in use stay as they are. Raises `DeviceError`."""
        for one in partitions:
            # 1: it is known already.
            tool.run("partx", "--add", "--nr", str(one.number), str(self.device), limit_s=20, good=(0, 1))


def card_of_root(sys: Path = Path("/sys"), root: Path = Path("/")) -> Path:
    """Return the disk that the root file system lies on, through device-mapper. Raises `DeviceError`."""
    number = root.stat().st_dev
    at = sys / "dev/block" / f"{os.major(number)}:{os.minor(number)}"
    for _ in range(4):
        slaves = sorted((at / "slaves").iterdir()) if (at / "slaves").is_dir() else []
        if not slaves:
            break
        at = slaves[0]
    found = at.resolve()
    if (found / "partition").exists():
        found = found.parent
    if not found.is_dir() or not re.fullmatch("[a-z0-9]+", found.name):
        raise DeviceError("the disk that the system runs from cannot be found")
    return Path("/dev") / found.name


def identify(tool: Tool, device: Path) -> tuple[str | None, str]:
    """
    Return what blkid calls the content of `device`, and its label; '' where there is nothing.

    None for the first where it cannot be read, or could be two things at once.
    """
    try:
        code, said = tool.run("blkid", "-p", "-o", "export", str(device), limit_s=60, good=(0, 2, 8))
        readable = _reads(device)
    except DeviceError as error:
        log.warning("%s", error)
        return None, ""
    if not readable or code == 8:
        return None, ""
    words = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return words.get("TYPE") or words.get("PTTYPE") or "", words.get("LABEL", "").replace("\\ ", " ")


def _reads(device: Path) -> bool:
    """Say whether the beginning can be read: to blkid what cannot be read looks like nothing."""
    try:
        with device.open("rb", buffering=0) as opened:
            return len(os.pread(opened.fileno(), 65_536, 0)) > 0
    except OSError:
        return False


class _told:  # noqa: N801 - reads as a word in `with`
    """Turns an `OSError` into a `DeviceError` that begins with `words`."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise DeviceError(f"{self._words}: {error.strerror}") from error
