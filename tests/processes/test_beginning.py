"""A partition whose beginning was lost is mended when it is opened, by the real programs, wherever power is cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.file_systems import BLOCK, FEATURES, commit, contents_of, copy, is_clean, make, missing, overwrite
from fakes.repository import ROOT
from vigil.errors import DeviceError
from vigil.processes import beginning, partitions
from vigil.processes.beginning import mended, remember, what_it_lacks, write_anew
from vigil.processes.partitions import DataPartition, make_missing
from vigil.upkeep.block_devices import Card, Tool
from vigil.upkeep.card_errors import Ill, Trouble
from vigil.upkeep.opening import VIDEO
from vigil.upkeep.partition_table import Stage, with_stage

pytestmark = pytest.mark.skipif(bool(missing()) or shutil.which("sfdisk") is None, reason=missing() or "no sfdisk")

CUT_SHORT = ROOT / "tests/fakes/cut_short.c"
SIZE_MIB = 160
# More than the first group has inodes for, so that others are in use that the copies know nothing of.
CONTENTS = {f"/day/{number}": b"%d " % number * 2000 for number in range(120)}
NEWEST = "/day/3"
TABLE = """label: dos
unit: sectors
4 : start=919552, size=2105344, type=f
5 : start=921600, size=1048576, type=83
6 : start=1972224, size=1048576, type=83
"""


class PowerCut(BaseException):
    """The plug was pulled."""


class Plain(Tool):
    """The system's own tools, on file systems that lie in files; integrity is left out. The plug may be pulled."""

    def __init__(self, library: Path | None = None, cut_at: int = 0) -> None:
        self._library = library
        self._cut_at = cut_at
        self.ran: list[tuple[str, ...]] = []

    def run(self, *command: str, limit_s: float, good=(0,)) -> tuple[int, str]:
        self.ran.append(command)
        if command[0] == "integritysetup":
            device, mapper = Path(command[-2]), partitions.MAPPER / command[-1]
            mapper.symlink_to(device.with_suffix(".opened"))
            return 0, ""
        if command[0] == "blkid" and "mapper" not in command[-1]:
            return 0, "TYPE=DM_integrity\n"
        if command[0] == "e2fsck" and self._library:
            words = [f"LD_PRELOAD={self._library}", f"CUT_AT={self._cut_at}"]
            code, said = super().run("env", *words, *command, limit_s=limit_s, good=range(256))
            if code == 99:
                raise PowerCut
            return code, said
        return super().run(*command, limit_s=limit_s, good=good)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ends a program at one of its writes."""
    made = tmp_path_factory.mktemp("cut") / "cut_short.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(CUT_SHORT), "-ldl"]
    subprocess.run(command, check=True)
    return made


@pytest.fixture(scope="module", params=FEATURES)
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the video partition of a box opens to, whose power was cut."""
    place = tmp_path_factory.mktemp(request.param)
    make(place / "disk", VIDEO, CONTENTS, size_mib=SIZE_MIB, features=request.param)
    commit(place / "disk", NEWEST, b"the newest")
    return place / "disk"


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Path) -> Card:
    """A card whose p8 is in use."""
    (tmp_path / "mapper").mkdir()
    monkeypatch.setattr(partitions, "MAPPER", tmp_path / "mapper")
    image = tmp_path / "card.img"
    image.touch()
    os.truncate(image, 4000 << 20)
    subprocess.run(["sfdisk", "-q", str(image)], input=TABLE, text=True, check=True, capture_output=True)
    for number in (7, 8):
        (tmp_path / f"card.img{number}").write_bytes(bytes(BLOCK))
    card = Card(image)
    make_missing(Plain(), card)
    card.write_sectors(with_stage(card.read_sector, VIDEO.number, Stage.READY))
    copy(before, opened(card))
    return card


def opened(card: Card) -> Path:
    """What p8 opens to."""
    return card.device.with_suffix(".opened")


def start(card: Card, tool: Tool) -> DataPartition:
    """Start the box once, until p8 can be mounted."""
    for mapped in partitions.MAPPER.iterdir():
        mapped.unlink()
    partition = DataPartition(tool, card, VIDEO, eraser=None)  # type: ignore[arg-type]  # nothing is to be erased
    partition.open()
    return partition


def is_as_it_was(card: Card) -> bool:
    """Whether everything is there, what was committed too."""
    disk = opened(card)
    there = contents_of(disk, "/day")
    newest = there.pop(NEWEST)[:10]
    return is_clean(disk) and newest == b"the newest" and there == {k: v for k, v in CONTENTS.items() if k != NEWEST}


@pytest.mark.parametrize("lost", [0, 1])
def test_it_is_mended_once_and_used_as_before(card: Card, lost: int, caplog: pytest.LogCaptureFixture):
    overwrite(opened(card), lost)

    assert start(card, Plain()).was_mended
    assert is_as_it_was(card)
    assert f"blocks {lost} are lost" in caplog.text
    assert not start(card, Plain()).was_mended


def test_what_is_whole_is_not_written_at_all(card: Card):
    run = Plain()
    assert not start(card, run).was_mended
    assert [command[1] for command in run.ran if command[0] == "e2fsck"] == ["-p"]
    assert is_as_it_was(card)


def test_without_a_copy_it_is_refused_as_damaged_and_left_alone(card: Card):
    overwrite(opened(card), 0, 32_768)
    was = opened(card).read_bytes()

    with pytest.raises(DeviceError, match=r"in use, and now holds nothing: it is damaged.* Nothing in it was changed"):
        start(card, Plain())
    assert opened(card).read_bytes() == was


def test_where_somebody_else_has_written_it_is_refused_and_left_alone(card: Card):
    subprocess.run(["mkswap", "-q", opened(card)], check=True, capture_output=True)
    overwrite(opened(card), 1)
    was = opened(card).read_bytes()

    with pytest.raises(DeviceError, match="in use, and now holds something that is not ours"):
        start(card, Plain())
    assert opened(card).read_bytes() == was


def test_upkeep_will_hear_of_it(card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    monkeypatch.setattr(partitions, "card_of_root", lambda: card.device)
    monkeypatch.setattr(partitions, "Tool", Plain)
    monkeypatch.setattr(partitions, "_LOCK", tmp_path / "lock")
    monkeypatch.setattr(partitions, "remember", told.append)
    overwrite(opened(card), 0)

    assert partitions.main("video") == 0
    assert told == ["video"]


# Seventy starts, each cut and followed by a whole one: a quarter of a minute.
@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_wherever_the_power_is_cut_the_next_start_ends_well(card: Card, before: Path, library: Path, lost: int):
    class Cuts:
        """Pulls the plug at a write of ours."""

        left = 0

        def pwrite(self, descriptor: int, data: bytes, at: int) -> int:
            self.left -= 1
            if self.left == 0:
                raise PowerCut
            return os.pwrite(descriptor, data, at)

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

    cuts, points = Cuts(), 0
    for ours, theirs in [(1, 0), *((0, number) for number in range(1, 1000))]:
        copy(before, opened(card))
        overwrite(opened(card), lost)
        cuts.left = ours
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(beginning, "os", cuts)
            try:
                start(card, Plain(library, theirs))
            except PowerCut:
                points += 1
            else:
                break
        start(card, Plain())

        assert is_as_it_was(card), (ours, theirs)
    assert points > 10
    assert is_as_it_was(card)


def test_what_does_not_hold_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(2 * BLOCK))
    write_anew(disk, [(1, b"x" * BLOCK)])
    assert disk.read_bytes() == bytes(BLOCK) + b"x" * BLOCK

    monkeypatch.setattr(os, "pwrite", lambda *_: BLOCK)
    with pytest.raises(DeviceError, match="does not hold what is written"):
        write_anew(disk, [(0, b"y" * BLOCK)])


def test_a_disk_that_is_gone_is_an_error_and_not_a_lost_beginning(tmp_path: Path):
    with pytest.raises(DeviceError, match="cannot be read"):
        what_it_lacks(tmp_path / "disk", "vigil-video")
    with pytest.raises(DeviceError, match="cannot be written"):
        write_anew(tmp_path / "disk", [])


def test_what_was_mended_is_remembered(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    place = tmp_path / "mended"
    assert list(mended(place)) == []
    for name in ("video", "state", "video"):
        remember(name, place)
    (place / "somebody else's").touch()
    assert list(mended(place)) == [(Trouble(Ill.MENDED, "state"), 1), (Trouble(Ill.MENDED, "video"), 1)]

    (tmp_path / "file").touch()
    remember("state", tmp_path / "file")
    assert "upkeep will not hear of it" in caplog.text
