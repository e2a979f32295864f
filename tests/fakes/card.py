"""A card image, opened with mtools and debugfs: nothing is mounted, nobody needs to be root."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
HARMLESS = ("Free cluster summary", "  Auto-correcting", "Leaving filesystem")
# sfdisk, mkfs.vfat and debugfs are kept where only root looks, though they need nothing of root's.
TOOLS = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "MTOOLS_SKIP_CHECK": "1"}


@dataclass(frozen=True, slots=True)
class Card:
    """The image of a card with an MBR. Partitions are counted as Linux counts them; files lie on FAT or ext4."""

    path: Path

    def extent(self, part: int) -> tuple[int, int]:
        """Where partition 1 to 4 lies: first byte, and how many."""
        with self.path.open("rb") as card:
            mbr = card.read(SECTOR)
        assert mbr[510:] == b"\x55\xaa", f"{self.path} has no partition table"
        first, count = struct.unpack_from("<II", mbr, 446 + 16 * (part - 1) + 8)
        assert count, f"{self.path} has no partition {part}"
        return first * SECTOR, count * SECTOR

    def read(self, part: int, name: str) -> bytes:
        """The bytes of a file. Raises `FileNotFoundError` if it is not there."""
        if self._is_ext4(part):
            done = self._debugfs(part, f"cat /{name}")
        else:
            done = subprocess.run(["mtype", "-i", self._fat(part), f"::/{name}"], capture_output=True)
        if done.returncode or b"File not found" in done.stderr:
            raise FileNotFoundError(f"{name} on p{part} of {self.path.name}: {done.stderr.decode()}")
        return done.stdout

    def write(self, part: int, name: str, data: bytes) -> None:
        """Put a file there, in place of one that has its name; directories on the way are made (FAT)."""
        if not self._is_ext4(part):
            for parent in reversed(Path(name).parents[:-1]):
                subprocess.run(["mmd", "-D", "s", "-i", self._fat(part), f"::/{parent}"], capture_output=True)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            if self._is_ext4(part):
                self._debugfs(part, f"rm /{name}")
                done = self._debugfs(part, f"write {file.name} /{name}", writing=True)
            else:
                done = subprocess.run(
                    ["mcopy", "-o", "-i", self._fat(part), file.name, f"::/{name}"], capture_output=True
                )
        assert done.returncode == 0, done.stderr.decode()

    def remove(self, part: int, name: str) -> None:
        """Take a file away (FAT)."""
        subprocess.run(["mdel", "-i", self._fat(part), f"::/{name}"], check=True)

    def fault(self, part: int) -> str:
        """What a check of the FAT file system finds wrong, but for the count of free clusters: a hint, no more."""
        first, size = self.extent(part)
        with tempfile.NamedTemporaryFile() as copy, self.path.open("rb") as card:
            card.seek(first)
            copy.write(card.read(size))
            copy.flush()
            done = subprocess.run(["fsck.vfat", "-n", copy.name], capture_output=True, text=True, env=TOOLS)
        said = [line for line in done.stdout.splitlines()[1:-1] if line and not line.startswith(HARMLESS)]
        return "\n".join(said) if done.returncode else ""

    def add_to_initrd(self, part: int, files: dict[str, bytes | str]) -> None:
        """
        Append a second cpio archive to the slot's initrd: path → bytes, or → the target of a symbolic link.

        Files are executable if they begin with `#!` or with an ELF header. The kernel unpacks archives in turn, so
        these come on top of what the image brings.
        """
        initrd = self.read(part, "initrd")
        self.write(part, "initrd", initrd.ljust(-(-len(initrd) // 4) * 4, b"\0") + cpio(files))

    def _is_ext4(self, part: int) -> bool:
        with self.path.open("rb") as card:
            card.seek(self.extent(part)[0] + 1024 + 56)
            return card.read(2) == b"\x53\xef"

    def _fat(self, part: int) -> str:
        return f"{self.path}@@{self.extent(part)[0]}"

    def _debugfs(self, part: int, command: str, *, writing: bool = True) -> subprocess.CompletedProcess[bytes]:
        place = f"{self.path}?offset={self.extent(part)[0]}"
        mode = ["-w"] if writing else []
        return subprocess.run(["debugfs", *mode, "-R", command, place], capture_output=True, env=TOOLS)


def cpio(files: dict[str, bytes | str]) -> bytes:
    """An archive in the kernel's `newc` form, with every directory on the way."""
    entries: dict[str, tuple[int, bytes]] = {}
    for name, content in files.items():
        for parent in reversed(Path(name.lstrip("/")).parents[:-1]):
            entries.setdefault(parent.as_posix(), (0o40755, b""))
        data = content.encode() if isinstance(content, str) else content
        mode = (
            0o120777
            if isinstance(content, str)
            else 0o100755
            if data[:2] == b"#!" or data[:4] == b"\x7fELF"
            else 0o100644
        )
        entries[name.lstrip("/")] = (mode, data)
    made = b"".join(_entry(number + 1, name, *entry) for number, (name, entry) in enumerate(entries.items()))
    return made + _entry(0, "TRAILER!!!", 0, b"")


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    bare = os.fsencode(name) + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(bare), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + bare
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)
