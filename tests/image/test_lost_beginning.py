"""A sector rots in which a file system begins: the next start mends it, and all that was synced is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from fakes.card import TOOLS
from fakes.repository import ROOT
from fakes.user_mode_linux import seen
from power import uml_tier
from power.guest_tier import Job
from power.states import layout_of
from vigil.upkeep.block_devices import Card
from vigil.upkeep.partition_table import SECTOR, read_table

# A kernel is started, a partition is made, and damaged, checked and mounted some times: half a minute.
pytestmark = [pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(200)]

PATH = f"{ROOT}/firmware:{ROOT}/tests"
MODULES = ("dm-integrity", "crc32c_generic", "af_alg", "algif_hash", "dm-dust")

# A card of p5 and p6, which need no room here.
TABLE = "label: dos\n4 : start=2048, size=8192, type=f\n5 : start=4096, size=1024\n6 : start=8192, size=1024\n"

# Runs in user-mode Linux. The disk becomes a card as the first start of a box makes it. Then, for each kind of damage:
# files are written and synced, the power is cut, a sector is spoiled, and the box starts again, at first only until its
# power is cut when the beginning was written and not yet checked.
SCRIPT = '''
import json, os, subprocess
from pathlib import Path

from power.integrity import read_layout
from vigil.processes.partitions import DataPartition, make_missing
from vigil.upkeep.block_devices import Card, Tool, identify
from vigil.upkeep.opening import RECIPES

DISK, AT, BLOCK, NAME = Path("/dev/ubda"), Path("/mnt/at"), 4096, "@name@"
TABLE = """@table@"""


class PowerCut(Exception):
    pass


class Tools(Tool):
    """The plug is pulled instead of the check number `cut_at`. There is no udev here that makes names."""

    def __init__(self, cut_at=0):
        self.checks, self.cut_at = [], cut_at

    def run(self, *command, limit_s, good=(0,)):
        if command[0] == "e2fsck":
            self.checks.append(" ".join(command[1:-1]))
            if len(self.checks) == self.cut_at:
                raise PowerCut
        answer = super().run(*command, limit_s=limit_s, good=good)
        if command[0] == "integritysetup":
            run("dmsetup", "mknodes")
        return answer


class Dusty(Card):
    """A card on which a sector may be refused."""

    def partition(self, number):
        return Path(f"/dev/mapper/dust{number}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def sectors(device):
    return int(run("blockdev", "--getsz", str(device)))


def cut_power(name):
    """Nothing that is written from here on comes to the card, and nothing stays in memory."""
    opened = f"vigil-{name}"
    if os.path.ismount(AT):
        run("dmsetup", "suspend", "--nolockfs", opened)
        run("dmsetup", "load", opened, "--table", f"0 {sectors('/dev/mapper/' + opened)} error")
        run("dmsetup", "resume", opened)
        run("umount", str(AT))
    run("dmsetup", "remove", opened)
    run("dmsetup", "mknodes")


def place_of(device, block):
    """Where a block of what a partition opens to lies in the partition, in bytes."""
    with device.open("rb") as disk:
        return read_layout(disk.read(64)).place_of(block * BLOCK)


def turn(card, number, block):
    """Turn bits of a block on the card, so that its tag is wrong."""
    device = card.partition(number)
    at = place_of(device, block) + 1100
    with device.open("r+b", buffering=0) as disk:
        was = os.pread(disk.fileno(), 8, at)
        os.pwrite(disk.fileno(), bytes(byte ^ 0x10 for byte in was), at)
        os.fsync(disk.fileno())
        os.posix_fadvise(disk.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def refuse(card, number, block):
    """Let the card refuse to read a block, until it is written."""
    at = place_of(card.partition(number), block) // BLOCK
    run("dmsetup", "message", f"dust{number}", "0", "addbadblock", str(at))
    run("dmsetup", "message", f"dust{number}", "0", "enable")


def start(card, name, *, cut_at=0):
    """Open a partition as a start of the box does; say what was done."""
    tools = Tools(cut_at)
    partition = DataPartition(tools, card, RECIPES[name], eraser=None)
    try:
        partition.open()
    except PowerCut:
        pass
    return [partition.was_mended, tools.checks]


def write(name, batch):
    """What is durable when this returns: by its own sync, not by that of the file system."""
    (AT / batch).mkdir()
    for number in range(12):
        with (AT / batch / str(number)).open("wb") as file:
            file.write(f"{name} {batch} {number} ".encode() * 500)
            file.flush()
            os.fsync(file.fileno())


def all_there(name, batches):
    return all(
        (AT / batch / str(number)).read_bytes() == f"{name} {batch} {number} ".encode() * 500
        for batch in batches for number in range(12)
    )


AT.mkdir()
subprocess.run(["sfdisk", "-q", str(DISK)], input=TABLE, text=True, check=True, capture_output=True)
plain, dusty, said = Card(DISK), Dusty(DISK), {}
make_missing(Tool(), plain)
name, recipe = NAME, RECIPES[NAME]
number, batches, opened = recipe.number, [], Path(f"/dev/mapper/vigil-{name}")
run("dmsetup", "create", f"dust{number}", "--table",
    f"0 {sectors(plain.partition(number))} dust {plain.partition(number)} 0 {BLOCK}")
run("dmsetup", "mknodes")
said["made"] = start(dusty, name)
for damage, block in ((turn, 0), (turn, 1), (refuse, 0), (turn, 64)):
    batch = f"{damage.__name__} {block}"
    run("mount", "-o", "noatime,errors=remount-ro", str(opened), str(AT))
    write(name, batch)
    batches.append(batch)
    cut_power(name)
    damage(dusty, number, block)
    Tools().run("integritysetup", "open", *recipe.open_flags, str(dusty.partition(number)), opened.name, limit_s=60)
    seen_by_blkid = identify(Tool(), opened)[0]
    cut_power(name)
    mending = [start(dusty, name, cut_at=1)]
    cut_power(name)
    mending += [start(dusty, name)]
    run("mount", "-o", "noatime,errors=remount-ro", str(opened), str(AT))
    there = all_there(name, batches)
    run("umount", str(AT))
    run("e2fsck", "-f", "-n", str(opened))
    said[batch] = [seen_by_blkid, mending, there]
print("what was seen: " + json.dumps(said))
'''


@pytest.fixture(scope="module", params=["state", "video"])
def spoiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What was seen of p7, whose integrity has a journal, and of p8, whose integrity has a bitmap."""
    place = tmp_path_factory.mktemp("spoiled")
    script = SCRIPT.replace("@name@", request.param).replace("@table@", TABLE)
    # On a disk of this machine each flush would wait for everybody's writes.
    with TemporaryDirectory(dir="/dev/shm") as memory:
        (place / "disk").symlink_to(Path(memory) / "disk")
        yield seen(script, place, size_mib=520, path=PATH, python=sys.executable, modules=MODULES, limit_s=180)


MENDED = [[True, ["-f -p"]], [False, ["-p"]]]
MENDED_AGAIN = [[True, ["-f -p"]], [True, ["-f -p", "-p"]]]


@pytest.mark.parametrize("damage", ["turn 0", "refuse 0"])
def test_a_superblock_that_cannot_be_read_is_mended_and_what_was_synced_is_there(spoiled: dict[str, Any], damage: str):
    said_by_blkid, starts, all_there = spoiled[damage]

    assert said_by_blkid is None
    assert starts == MENDED
    assert all_there


def test_descriptors_that_cannot_be_read_are_mended_until_a_check_has_counted(spoiled: dict[str, Any]):
    said_by_blkid, starts, all_there = spoiled["turn 1"]

    assert said_by_blkid == ""
    assert starts == MENDED_AGAIN
    assert all_there


def test_a_sector_elsewhere_that_hides_everything_from_blkid_hides_nothing_from_us(spoiled: dict[str, Any]):
    said_by_blkid, starts, all_there = spoiled["turn 64"]

    assert said_by_blkid == ""
    assert [was_mended for was_mended, _ in starts] == [False, False]
    assert all_there


def test_a_new_one_is_not_mended(spoiled: dict[str, Any]):
    assert spoiled["made"] == [False, ["-p"]]


def spoil_both(disk: Path) -> None:
    """Turn bits of the superblocks of p7 and p8 on a card."""
    table = read_table(Card(disk).read_sector)
    with disk.open("r+b", buffering=0) as file:
        for number in (7, 8):
            at = table[number].start * SECTOR + layout_of(disk, table[number]).place_of(1100)
            was = os.pread(file.fileno(), 8, at)
            os.pwrite(file.fileno(), bytes(byte ^ 0x10 for byte in was), at)


def new_card(disk: Path) -> None:
    """A card as it is flashed, as far as opening its data partitions needs it."""
    subprocess.run(["sfdisk", "-q", disk], input=TABLE, text=True, check=True, env=TOOLS)


# Its systemd takes half a minute to start, and minutes where all processors are busy.
@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(uml_tier.missing()), reason=uml_tier.missing())
def test_the_units_of_the_image_mend_both_partitions_in_their_cage(tmp_path: Path):
    nothing = {"said": [], "cut_us": 0, "always": "", "most_loss_s": 0.0}
    made, mended, after = uml_tier.judged(
        tmp_path, [Job(leave, nothing) for leave in (new_card, spoil_both, lambda _disk: None)]
    )

    # Both were opened and mounted each time, and a check found nothing; what did not fit was counted when it was read.
    assert made.wrong == after.wrong == []
    assert [words.partition(":")[0] for words in mended.wrong] == [
        "tags of state do not fit",
        "tags of video do not fit",
    ]
