"""A card whose bytes turn: the kernel refuses them, the box says so, and what is written again is whole again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.repository import ROOT
from fakes.user_mode_linux import seen

# A kernel is started, and a file system made and checked in it: ten seconds or more.
pytestmark = [pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(120)]

PATH = f"{ROOT}/firmware:{ROOT}/tests"
MODULES = ("dm-integrity", "crc32c_generic", "af_alg", "algif_hash", "loop")

# Runs in user-mode Linux. The disk is opened, made and checked as p7 is, and the box's own state lies on it.
SCRIPT = '''
import json, os, subprocess
from pathlib import Path

from power.integrity import read_layout
from vigil.clock import SystemClock
from vigil.errors import StoreError
from vigil.processes.card_errors import CardWatch, KernelLog, card_map, in_disorder
from vigil.processes.partitions import DataPartition
from vigil.processes.place import Place
from vigil.processes.tellings import left
from vigil.processes.update import Records
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import Card, Tool
from vigil.upkeep.card_errors import complaint
from vigil.upkeep.opening import FORMAT_FLAGS, STATE
from vigil.upkeep.update_record import Phase, Record

DISK, OPENED = "/dev/ubda", "/dev/mapper/vigil-state"
BLOCK = 4096


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def open_():
    run("integritysetup", "open", *STATE.open_flags, DISK, "vigil-state")
    run("dmsetup", "mknodes")


def mount():
    run("mount", "-o", "noatime,errors=remount-ro", OPENED, str(place.state))


def again():
    """Close and open it: nothing is left in memory, and what waited in the journal is where it belongs."""
    run("umount", str(place.state))
    run("integritysetup", "close", "vigil-state")
    open_()


def block_of(name):
    return int(run("debugfs", "-R", f"bmap {name} 0", OPENED))


def turn(block):
    """Turn bits of a block of the opened disk, on the disk itself."""
    disk = os.open(DISK, os.O_RDWR)
    at = read_layout(os.pread(disk, 64, 0)).place_of(block * BLOCK + 100)
    os.pwrite(disk, bytes(byte ^ 0x10 for byte in os.pread(disk, 8, at)), at)
    os.fsync(disk)
    os.posix_fadvise(disk, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(disk)


def mismatches():
    return int(run("dmsetup", "status", "vigil-state").split()[3])


def answers(path):
    try:
        return len(disk.read_bytes(path))
    except StoreError as error:
        return str(error).rpartition(": ")[2]


place, disk, said = Place(Path("/mnt")), Disk(), {}
place.state.mkdir()
run("integritysetup", "format", *FORMAT_FLAGS, DISK)
open_()
run("mkfs.ext4", *STATE.mkfs_flags, OPENED)
mount()
records = Records(place, disk, SystemClock())
records.keep(Record(phase=Phase.FAILED, version="1.0.0"))
record, inside, sub = place.update / "record.json", place.state / "inside", place.state / "sub"
inside.write_bytes(bytes(3 * BLOCK))
sub.mkdir()
(sub / "file").write_bytes(b"x" * 100)
watch = CardWatch(
    place, disk, SystemClock(), records=KernelLog().new, card=lambda: card_map(root=place.state),
)
watch.look()
said["before"] = [answers(record) > 0, mismatches(), [one.kind for one in left(disk, place.tellings)]]

again()
for name in ("/update/record.json", "/inside"):
    turn(block_of(name))
turned = block_of("/inside")
mount()
said["refused"] = [answers(record), answers(inside), records.read() == Record(), mismatches() > 0]
watch.look()
watch.look()
said["told"] = [[one.kind, one.fields["what"], one.fields["partition"]] for one in left(disk, place.tellings)]
said["fault"] = complaint(watch._kept.read())

records.keep(Record(phase=Phase.CONFIRMED, version="2.0.0"))
with disk.change(inside) as file:
    file.write_at(0, b"y" * BLOCK)
    file.sync()
again()
mount()
before = mismatches()
said["healed"] = [records.read().version, answers(inside), mismatches() - before]

again()
turn(block_of("/sub"))
mount()
said["directory"] = answers(sub / "file")
said["disorder"] = [[one.ill, one.partition] for one, _ in in_disorder()]
watch.look()
said["fault after"] = complaint(watch._kept.read())
again()
DataPartition(Tool(), Card(Path(DISK)), STATE, eraser=None)._check()
mount()
found = [one.name[0] for one in (place.state / "lost+found").iterdir()]
said["checked"] = [os.listdir(sub), found, list(in_disorder())]
said["goes on"] = [records.read().version, answers(inside)]
run("umount", str(place.state))
run("e2fsck", "-f", "-n", OPENED)
print("what was seen: " + json.dumps(said))
'''


@pytest.fixture(scope="module")
def rotten(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was seen of one disk, from its making to its mending."""
    place = tmp_path_factory.mktemp("rot")
    said: dict[str, Any] = seen(SCRIPT, place, size_mib=256, path=PATH, python=sys.executable, modules=MODULES)
    return said


def test_bytes_that_turned_are_refused_and_read_as_damage(rotten: dict[str, Any]):
    assert rotten["before"] == [True, 0, []]
    assert rotten["refused"] == ["Input/output error", "Input/output error", True, True]


def test_they_are_told_to_the_journal_once_and_to_the_owner(rotten: dict[str, Any]):
    assert rotten["told"] == [["card.failing", "turned", "state"]]
    assert "in its partition “state” it gives back other bytes than were written" in rotten["fault"]


def test_what_is_written_again_is_whole_again(rotten: dict[str, Any]):
    assert rotten["healed"] == ["2.0.0", 3 * 4096, 0]


def test_a_directory_that_is_lost_closes_the_file_system_and_the_check_of_the_next_start_mends_it(
    rotten: dict[str, Any],
):
    assert rotten["directory"] == "Input/output error"
    assert rotten["disorder"] == [["disorder", "state"]]
    assert "the file system is in disorder" in rotten["fault after"]
    assert rotten["checked"] == [[], ["#"], []]
    assert rotten["goes on"] == ["2.0.0", 3 * 4096]


# The kernel has a disk made for trying: sectors 4660 to 4669 cannot be read (drivers/scsi/scsi_debug.c).
REFUSES = """
import json, mmap, os
from pathlib import Path

from vigil.processes.card_errors import KernelLog
from vigil.upkeep.card_errors import CardMap, trouble_in

Path("/sys/bus/pseudo/drivers/scsi_debug/opts").write_text("2")
disk = os.open("/dev/sda", os.O_RDONLY | os.O_DIRECT)
log, page = KernelLog(), mmap.mmap(-1, 4096)
before = [record for record in log.new() if trouble_in(record, CardMap("sda", {}, {}))]
answers = []
for sector in (0, 4664):
    try:
        answers.append(os.preadv(disk, [page], sector * 512))
    except OSError as error:
        answers.append(error.strerror)
card = CardMap("sda", {7: (4096, 400), 8: (4600, 400)}, {})
found = {(trouble.ill, trouble.partition) for record in log.new() if (trouble := trouble_in(record, card))}
print("what was seen: " + json.dumps([before, answers, sorted(found)]))
"""


def test_what_a_disk_refuses_is_understood_as_the_kernel_says_it(tmp_path: Path):
    modules = ("sd_mod", "scsi_debug")
    before, answers, found = seen(REFUSES, tmp_path, size_mib=1, path=PATH, python=sys.executable, modules=modules)

    assert before == []
    assert answers[0] == 4096 and isinstance(answers[1], str)
    assert found == [["refused", "video"]]
