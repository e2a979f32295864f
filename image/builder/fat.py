"""Makes FAT file systems from lists of files, without mounting anything, to the same bytes each time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .run import run

Files = Mapping[str, Path | bytes]


def make_fat(target: Path, files: Files, *, size_mib: int, label: str, serial: str, epoch: int, bits: int = 32) -> None:
    """
    Make a FAT file system of `size_mib` at `target` that holds `files`: contents, or files to copy, by their paths.

    `serial` is the volume's number in eight hexadecimal digits; every time in it is `epoch`.
    """
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(size_mib << 20)
    clock = {"SOURCE_DATE_EPOCH": str(epoch)}
    shape = ["--invariant", "-F", str(bits), "-i", serial, "-n", label, "-S", "512"]
    run(["mkfs.vfat", *shape, target], extra=clock)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        top = Path(scratch) / "files"
        top.mkdir()
        _lay_out(top, files, epoch)
        # Sorted and one by one, because mcopy takes a directory in the order in which the disk gives it.
        for name in sorted(_directories(top)):
            run(["mmd", "-i", target, f"::{name}"], extra=clock)
        for name in sorted(files):
            run(["mcopy", "-m", "-Q", "-i", target, top / name, f"::{name}"], extra=clock)


def _lay_out(top: Path, files: Files, epoch: int) -> None:
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
        os.utime(path, (epoch, epoch))


def _directories(top: Path) -> list[str]:
    return [path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_dir()]
