"""A beginning that was lost is made from its copies, and nothing is written over that may be somebody else's."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from fakes.file_systems import FEATURES, commit, contents_of, copy, is_clean, make, missing, overwrite, reader, run
from vigil.upkeep.beginning import (
    BLOCK_BYTES,
    GROUP_BLOCKS,
    Writes,
    crc32c,
    groups_with_copies,
    read_superblock,
    to_begin_again,
)
from vigil.upkeep.opening import VIDEO

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

SIZE_MIB = 600
BLOCKS = SIZE_MIB << 20 >> 12
LABEL = "vigil-video"
# More than the first group has inodes for, so that others are in use that the copies know nothing of.
CONTENTS = {f"/day/{number}": b"%d " % number * 2000 for number in range(200)}
NEWEST = "/day/3"


@pytest.fixture(scope="module", params=FEATURES)
def cut(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system whose power was cut: the newest contents of a file are in the journal only."""
    place = tmp_path_factory.mktemp(request.param)
    make(place / "disk", VIDEO, CONTENTS, size_mib=SIZE_MIB, features=request.param)
    commit(place / "disk", NEWEST, b"the newest")
    return place / "disk"


@pytest.fixture
def disk(cut: Path, tmp_path: Path) -> Path:
    """One to be damaged."""
    return copy(cut, tmp_path / "disk")


def found(disk: Path, *lost: int, blocks: int = BLOCKS, label: str = LABEL) -> Writes | None:
    """What is to be written, where the blocks `lost` cannot be read."""
    return to_begin_again(reader(disk, unreadable=lost), blocks=blocks, label=label)


def is_as_it_was(disk: Path) -> bool:
    """Whether everything is there, what was committed too."""
    there = contents_of(disk, "/day")
    newest = there.pop(NEWEST)[:10]
    return is_clean(disk) and newest == b"the newest" and there == {k: v for k, v in CONTENTS.items() if k != NEWEST}


def test_what_is_whole_needs_nothing(cut: Path):
    assert found(cut) == []


@pytest.mark.parametrize("lost", [(0,), (1,), (0, 1), (0, 1, 2, 3)], ids=str)
def test_whatever_of_it_cannot_be_read_comes_back_and_nothing_committed_is_lost(disk: Path, lost: tuple[int, ...]):
    overwrite(disk, *lost)
    writes = found(disk, *lost)
    assert writes is not None and [number for number, _ in writes] == [one for one in (1, 0) if one in lost]

    for number, data in writes:
        overwrite(disk, number, data=data)
    # Blocks 2 and 3 are room for growth, and the firm check sees to them (as it does in `processes/partitions.py`).
    run("e2fsck", "-f", "-p", disk, good=(0, 1, 2) if lost != (0, 1, 2, 3) else (4,))
    run("e2fsck", "-f", "-y", disk, good=(0, 1, 2))
    assert is_as_it_was(disk)
    assert found(disk) == []


@pytest.mark.parametrize("other", [b"", b"\xff" * BLOCK_BYTES, b"XFSB" * 1024, bytes(510) + b"\x55\xaa"], ids=len)
def test_a_superblock_that_was_overwritten_comes_back(disk: Path, other: bytes):
    overwrite(disk, 0, data=other)
    ((number, data),) = found(disk) or []
    overwrite(disk, number, data=data)

    run("e2fsck", "-f", "-p", disk, good=(0, 1))
    assert is_as_it_was(disk)


@pytest.mark.parametrize("written", [0, 1])
def test_after_a_cut_between_the_writes_the_same_are_due(disk: Path, written: int):
    overwrite(disk, 0, 1)
    writes = found(disk, 0, 1) or []
    for number, data in writes[:written]:
        overwrite(disk, number, data=data)

    # What was written is sound again, and what was not is not.
    assert found(disk, *(number for number, _ in writes[written:])) == writes


def test_until_a_check_has_counted_what_comes_from_a_copy_counts_as_lost(disk: Path):
    overwrite(disk, 1)
    ((number, data),) = found(disk, 1) or []
    overwrite(disk, number, data=data)
    assert found(disk) == [(number, data)]

    said = run("e2fsck", "-f", "-p", disk, good=(0, 1))
    assert "recovering journal" in said
    assert found(disk) == []


def test_a_copy_that_is_damaged_too_is_passed_over(disk: Path):
    whole = found(disk, 0)
    overwrite(disk, GROUP_BLOCKS, data=b"\x17" * BLOCK_BYTES)

    assert found(disk, 0, 3 * GROUP_BLOCKS) is None
    # The copies are the same but for the group that they are in.
    assert found(disk, 0) == whole


def test_descriptors_of_a_copy_that_are_damaged_are_not_taken(disk: Path):
    overwrite(disk, 0, 1)
    overwrite(disk, GROUP_BLOCKS + 1, data=b"\x17" * BLOCK_BYTES)
    assert found(disk, 0, 1) is not None

    overwrite(disk, 3 * GROUP_BLOCKS + 1, data=b"\x17" * BLOCK_BYTES)
    assert found(disk, 0, 1) is None


def test_where_superblock_and_descriptors_were_overwritten_somebody_else_has_written(disk: Path):
    overwrite(disk, 0, 1)

    assert found(disk) is None
    assert found(disk, 0) is None


def test_where_the_first_inodes_are_gone_too_a_check_would_leave_nothing(disk: Path):
    (inodes,) = re.findall(r"Inode table at (\d+)-", run("dumpe2fs", disk))[:1]
    overwrite(disk, 0)
    assert found(disk) is not None
    assert found(disk, int(inodes)) is None

    overwrite(disk, int(inodes))
    assert found(disk) is None


def test_copies_of_another_label_or_of_a_larger_device_are_left_alone(disk: Path):
    assert found(disk, 0, label="vigil-state") is None
    assert found(disk, 0, blocks=BLOCKS - 1) is None


def test_a_sound_superblock_that_is_not_called_ours_is_left_alone(disk: Path):
    first = bytearray(reader(disk)(0) or b"")
    first[1024 + 0x78 : 1024 + 0x88] = b"holidays".ljust(16, b"\0")
    struct.pack_into("<I", first, 2044, crc32c(first[1024:2044]))
    overwrite(disk, 0, data=bytes(first))

    assert found(disk) is None


def test_copies_of_another_file_system_are_not_taken(disk: Path, tmp_path: Path):
    make(tmp_path / "other", VIDEO, {}, size_mib=SIZE_MIB, features="bookworm")
    overwrite(disk, 0, data=reader(tmp_path / "other")(0) or b"")

    assert found(disk) is None
    assert found(disk, 1) is None
    assert found(disk, 0) is not None


@pytest.mark.parametrize("at", [(0, 1024), (GROUP_BLOCKS, 0)], ids=["clean", "copy"])
def test_whoever_reads_the_new_superblock_looks_at_everything(cut: Path, disk: Path, at: tuple[int, int]):
    superblock = read_superblock((reader(disk)(at[0]) or b"")[at[1] : at[1] + 1024])
    assert superblock is not None
    overwrite(disk, 0, data=superblock.as_first())

    said = run("dumpe2fs", "-h", disk)
    assert "needs_recovery" in said
    assert ("orphan_present" in said) == ("orphan_file" in said) == ("trixie" in str(cut))
    assert re.search(r"Filesystem state:\s+not clean\n", said)


@pytest.mark.parametrize("lost", [(0,), (1,), (2,), (3,), (0, 2), (0, 1, 2, 3)], ids=str)
def test_a_card_of_many_groups_has_more_to_lose(tmp_path: Path, lost: tuple[int, ...]):
    make(tmp_path / "large", VIDEO, {"/one/file": b"1" * 9000}, size_mib=20_000, features="trixie")
    commit(tmp_path / "large", "/one/file", b"the newest")
    overwrite(tmp_path / "large", *lost)

    for number, data in found(tmp_path / "large", *lost, blocks=5_120_000) or []:
        overwrite(tmp_path / "large", number, data=data)
    run("e2fsck", "-f", "-p", tmp_path / "large", good=(0, 1))
    assert is_clean(tmp_path / "large") and contents_of(tmp_path / "large", "/one")["/one/file"][:10] == b"the newest"
    assert found(tmp_path / "large", blocks=5_120_000) == []


def test_one_without_copies_is_left_alone(tmp_path: Path):
    make(tmp_path / "small", VIDEO, {}, size_mib=100, features="trixie")

    assert found(tmp_path / "small", blocks=25_600) == []
    assert found(tmp_path / "small", 0, blocks=25_600) is None


def test_checksums_are_those_that_dumpe2fs_reads(cut: Path):
    read = reader(cut)
    for block, at in ((0, 1024), (GROUP_BLOCKS, 0), (3 * GROUP_BLOCKS, 0)):
        data = (read(block) or b"")[at : at + 1024]
        where = ["-o", f"superblock={block}", "-o", f"blocksize={BLOCK_BYTES}"] if block else []
        (said,) = re.findall(r"^Checksum:\s+0x(\w+)", run("dumpe2fs", "-h", *where, cut), re.MULTILINE)
        superblock = read_superblock(data)

        assert superblock is not None and superblock.group == block // GROUP_BLOCKS
        assert struct.unpack("<I", data[-4:]) == (int(said, 16),) == (crc32c(data[:-4]),)


@pytest.mark.parametrize("gib", [1, 7, 60, 512])
def test_copies_lie_where_mkfs_puts_them(tmp_path: Path, gib: int):
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(gib << 30)
    said = run("mkfs.ext4", "-n", "-F", "-b", "4096", disk).partition("Superblock backups stored on blocks:")[2]
    disk.unlink()

    blocks = [group * GROUP_BLOCKS for group in groups_with_copies(gib << 18)]
    assert blocks == [int(word) for word in re.findall(r"\d+", said)]


def test_garbage_is_no_superblock(cut: Path):
    sound = (reader(cut)(0) or b"")[1024:2048]
    assert read_superblock(sound) is not None

    for data in (b"", bytes(1024), sound[:-1], sound[:500] + b"\x55" + sound[501:], b"\xff" * 1024):
        assert read_superblock(data) is None


def test_one_that_is_built_otherwise_is_not_ours(cut: Path):
    sound = (reader(cut)(0) or b"")[1024:2048]
    # Blocks of 1 KiB, groups of another size, descriptors elsewhere, no 64 bit, copies in every group, no checksums,
    # short descriptors.
    for at, change in ((0x18, 2), (0x20, 1), (0x60, 0x10), (0x60, 0x80), (0x64, 1), (0x64, 0x400), (0xFE, 0x60)):
        data = bytearray(sound[:-4])
        (before,) = struct.unpack_from("<H", data, at)
        struct.pack_into("<H", data, at, before ^ change)
        assert read_superblock(bytes(data) + struct.pack("<I", crc32c(data))) is None
