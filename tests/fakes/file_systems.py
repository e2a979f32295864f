"""ext4 in files, made, damaged and read by Debian's own programs: nothing is mounted, so nobody needs to be root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.card import TOOLS
from vigil.upkeep.beginning import GROUP_BLOCKS, groups_with_copies
from vigil.upkeep.opening import Recipe, ready_label

BLOCK = 4096

# What mkfs.ext4 makes without being asked: Debian trixie, which is on the card, and Debian bookworm.
FEATURES = {"trixie": "metadata_csum_seed,orphan_file", "bookworm": "^metadata_csum_seed,^orphan_file"}


def run(*command: str | Path, good: Collection[int] = (0,)) -> str:
    """Run a program, and return what it said."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=TOOLS, check=False
    )
    assert done.returncode in good, f"{command}: {done.returncode}: {done.stdout}"
    return done.stdout


def make(image: Path, recipe: Recipe, contents: Mapping[str, bytes], *, size_mib: int, features: str) -> None:
    """
    Make a finished file system of ours, and then the files in it, by their paths from `/` in at most one directory.

    The copies of its beginning stay as old as it is: the kernel leaves them so, and debugfs does not.
    """
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    run("mkfs.ext4", *recipe.mkfs_flags, "-O", FEATURES[features], "-L", "unfinished", image)
    run("tune2fs", "-L", ready_label(recipe.name), image)
    blocks = size_mib << 20 >> 12
    places = [group * GROUP_BLOCKS for group in groups_with_copies(blocks)]
    old = {at + beside: reader(image)(at + beside) or b"" for at in places for beside in range(1 + blocks // 2_097_152)}
    with TemporaryDirectory() as place:
        words = [f"mkdir {folder}" for folder in sorted({str(Path(name).parent) for name in contents} - {"/"})]
        for number, (name, data) in enumerate(contents.items()):
            Path(place, str(number)).write_bytes(data)
            words.append(f"write {place}/{number} {name}")
        Path(place, "words").write_text("\n".join(words) + "\n")
        run("debugfs", "-w", "-f", f"{place}/words", image)
    for number, data in old.items():
        overwrite(image, number, data=data)
    run("e2fsck", "-f", "-n", image)
    folders = {str(Path(name).parent) for name in contents}
    assert {name: data for folder in folders for name, data in contents_of(image, folder).items()} == contents


def commit(image: Path, name: str, data: bytes) -> None:
    """Let the first block of a file be `data`, but in the journal only, as a cut of power leaves it."""
    (at,) = re.findall(r"^(\d+)$", run("debugfs", "-R", f"bmap {name} 0", image), re.MULTILINE)
    new, words = image.with_suffix(".new"), image.with_suffix(".words")
    new.write_bytes(data.ljust(BLOCK, b"\0"))
    words.write_text(f"jo -c\njw -b {at} {new}\njc\n")
    run("debugfs", "-w", "-f", words, image)
    assert "needs_recovery" in run("dumpe2fs", "-h", image)


def contents_of(image: Path, folder: str) -> dict[str, bytes]:
    """What the files of a directory hold, as it is on the disk: what waits in the journal is not looked at."""
    with TemporaryDirectory() as place:
        run("debugfs", "-R", f"rdump {folder} {place}", image)
        found = Path(place) / folder.strip("/")
        return {f"{folder.rstrip('/')}/{one.name}": one.read_bytes() for one in found.iterdir() if one.is_file()}


def is_clean(image: Path) -> bool:
    """Whether a check of everything finds nothing to do, and no journal waits."""
    run("e2fsck", "-f", "-n", image)
    return "needs_recovery" not in run("dumpe2fs", "-h", image)


def copy(image: Path, to: Path) -> Path:
    """The same file system once more."""
    run("cp", "--sparse=always", image, to)
    return to


def overwrite(image: Path, *blocks: int, data: bytes = b"") -> None:
    """Write `data`, or nothing, over whole blocks."""
    with image.open("r+b") as file:
        for number in blocks:
            os.pwrite(file.fileno(), data.ljust(BLOCK, b"\0"), number * BLOCK)


def reader(image: Path, *, unreadable: Collection[int] = ()) -> Callable[[int], bytes | None]:
    """What gives the blocks of an image, but those that are unreadable."""

    def read(number: int) -> bytes | None:
        with image.open("rb") as file:
            data = os.pread(file.fileno(), BLOCK, number * BLOCK)
        return None if number in unreadable or len(data) < BLOCK else data

    return read


def missing() -> str:
    """In words what is not installed; "" where all is."""
    lack = [name for name in ("mkfs.ext4", "debugfs", "blkid") if shutil.which(name, path=TOOLS["PATH"]) is None]
    return f"{', '.join(lack)}: not installed" if lack else ""
