"""The data partitions of a card, made and opened by tools of which any may fail: what is whole is never made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from vigil.clock import HandClock
from vigil.errors import DeviceError
from vigil.processes import partitions
from vigil.processes.erase import Eraser
from vigil.processes.notify import Notifier
from vigil.processes.partitions import DataPartition, Progress, complete_marks, make_missing
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import Card, Tool
from vigil.upkeep.opening import STATE, VIDEO
from vigil.upkeep.partition_table import Stage, read_table, with_stage

pytestmark = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="sfdisk is not installed")

TABLE = """label: dos
label-id: 0x56494749
unit: sectors
1 : start=2048, size=524288, type=c
4 : start=919552, size=2105344, type=f
5 : start=921600, size=1048576, type=83
6 : start=1972224, size=1048576, type=83
"""


class PowerCut(Exception):
    """The plug was pulled."""


class World(Tool):
    """The system's tools, over partitions that only remember what was done to them. `cut_at` pulls the plug."""

    def __init__(self, mapper):
        self.mapper = mapper
        self.outside, self.inside = {}, {}
        self.commands = []
        self.fsck = 0
        self.cut_at = None

    def run(self, *command, limit_s, good=(0,)):
        self.commands.append(command)
        if len(self.commands) == self.cut_at:
            raise PowerCut
        return getattr(self, "_" + command[0].replace(".", "_"))(*command[1:])

    def power_again(self):
        for name in self.mapper.iterdir():
            name.unlink()
        self.commands, self.cut_at = [], None

    def did(self, *words):
        return [command for command in self.commands if set(words) <= set(command)]

    def _blkid(self, *words):
        found = self.inside if words[-1].startswith(str(self.mapper)) else self.outside
        type_, label = found.get(words[-1], ("", ""))
        return (0, f"TYPE={type_}\nLABEL={label}\n") if type_ else (2, "")

    def _integritysetup(self, verb, *words):
        if verb == "format":
            self.outside[words[-1]] = ("DM_integrity", "")
            name = "vigil-state" if words[-1].endswith("7") else "vigil-video"
            self.inside.pop(str(self.mapper / name), None)
        elif verb == "open":
            (self.mapper / words[-1]).write_bytes(bytes(65_536))
        else:
            (self.mapper / words[-1]).unlink()
        return 0, ""

    def _mkfs_ext4(self, *words):
        self.inside[words[-1]] = ("ext4", words[words.index("-L") + 1])
        return 0, ""

    def _tune2fs(self, _flag, label, device):
        self.inside[device] = ("ext4", label)
        return 0, ""

    def _e2fsck(self, *words):
        return (self.fsck if "-p" in words else 1), "mended"

    def _blkdiscard(self, _flag, device):
        # What blkid says is made of what lies there: both are gone.
        Path(device).write_bytes(bytes(Path(device).stat().st_size))
        self.outside.pop(device, None)
        return 0, ""

    def _partx(self, *_words):
        return 0, ""


@pytest.fixture
def world(tmp_path, monkeypatch):
    mapper = tmp_path / "mapper"
    mapper.mkdir()
    monkeypatch.setattr(partitions, "MAPPER", mapper)
    return World(mapper)


@pytest.fixture
def card(tmp_path):
    image = tmp_path / "card.img"
    image.touch()
    os.truncate(image, 4000 << 20)
    subprocess.run(["sfdisk", "-q", str(image)], input=TABLE, text=True, check=True, capture_output=True)
    for number in (7, 8):
        (tmp_path / f"card.img{number}").write_bytes(bytes(65_536))
    return Card(image)


def boot(world, card, recipe=STATE):
    make_missing(world, card)
    eraser = Eraser(Disk(), world, told=lambda _done, _of: None)
    partition = DataPartition(world, card, recipe, eraser)
    path = partition.open()
    world.was_erased = partition.was_erased
    return path


@pytest.mark.parametrize("recipe", [STATE, VIDEO], ids=lambda recipe: recipe.name)
def test_a_new_card_is_made_once(world, card, recipe):
    path = boot(world, card, recipe)
    assert path == world.mapper / f"vigil-{recipe.name}"
    assert len(world.did("mkfs.ext4")) == 1
    assert read_table(card.read_sector)[recipe.number].type == Stage.READY

    world.power_again()
    boot(world, card, recipe)
    assert world.did("mkfs.ext4") == world.did("format") == []


def test_wherever_the_plug_is_pulled_the_next_boot_ends_well_and_what_is_whole_stays(world, card):
    table = card.read_sector(0), card.read_sector(1_970_176)
    for cut_at in range(1, 40):
        card.write_sectors([(0, table[0]), (1_970_176, table[1])])
        world.power_again()
        world.outside, world.inside = {}, {}
        world.cut_at = cut_at
        try:
            boot(world, card)
        except PowerCut:
            pass
        else:
            break
        was_whole = ("ext4", "vigil-state") in world.inside.values()
        world.power_again()

        boot(world, card)
        assert bool(world.did("mkfs.ext4")) == (not was_whole)
        assert read_table(card.read_sector)[7].type == Stage.READY
    assert cut_at > 8


def test_what_others_left_there_is_refused_and_not_touched(world, card, tmp_path):
    world.outside[str(tmp_path / "card.img7")] = ("crypto_LUKS", "")

    with pytest.raises(DeviceError, match="might be of value"):
        boot(world, card)
    assert world.did("integritysetup") == []


def test_a_partition_in_use_whose_superblock_is_gone_is_refused_as_damaged(world, card):
    boot(world, card)
    world.power_again()
    world.outside.clear()

    with pytest.raises(DeviceError, match="damaged"):
        boot(world, card)
    assert world.did("integritysetup") == []


def test_a_file_system_in_disorder_is_mended_more_firmly_and_never_made_anew(world, card):
    boot(world, card)
    world.power_again()
    world.fsck = 4
    boot(world, card)

    assert len(world.did("e2fsck", "-y")) == 1
    assert world.did("mkfs.ext4") == []


@pytest.mark.parametrize("recipe", [STATE, VIDEO], ids=lambda recipe: recipe.name)
def test_what_is_to_be_forgotten_is_erased_and_made_anew_wherever_the_plug_is_pulled(world, card, recipe):
    device = card.partition(recipe.number)
    for cut_at in range(1, 40):
        world.power_again()
        boot(world, card, recipe)
        device.write_bytes(b"correct horse" * 8000)
        card.write_sectors(with_stage(card.read_sector, recipe.number, Stage.FORGET))
        world.power_again()
        world.cut_at = cut_at
        try:
            boot(world, card, recipe)
        except PowerCut:
            world.power_again()
            boot(world, card, recipe)
        else:
            break
        assert b"correct" not in device.read_bytes()
        assert read_table(card.read_sector)[recipe.number].type == Stage.READY
    assert cut_at > 6
    assert world.was_erased and len(world.did("mkfs.ext4")) == 1

    world.power_again()
    boot(world, card, recipe)
    assert not world.was_erased and world.did("mkfs.ext4") == []


@pytest.mark.parametrize("video", list(Stage))
@pytest.mark.parametrize("state", list(Stage))
def test_both_are_forgotten_where_the_power_went_between_the_marks(world, card, state, video):
    make_missing(world, card)
    for number, stage in ((7, state), (8, video)):
        card.write_sectors(with_stage(card.read_sector, number, stage))
    complete_marks(card)

    table = read_table(card.read_sector)
    is_due = (state, video) == (Stage.READY, Stage.FORGET)
    assert (table[7].type, table[8].type) == (Stage.FORGET if is_due else state, video)


def test_a_long_erasing_tells_the_log_in_tenths_and_systemd_every_time(caplog):
    class Told(Notifier):
        times = 0

        def needs_longer(self, seconds):
            self.times += 1

    told = Told({}, HandClock(), pid=1)
    progress = Progress(told)
    with caplog.at_level("INFO"):
        for done in range(1, 101):
            progress(done, 100)

    assert told.times == 100
    assert [record.getMessage() for record in caplog.records] == [f"erased: {tenth}0 %" for tenth in range(1, 11)]


def test_a_tool_that_hangs_is_given_up(tmp_path):
    with pytest.raises(DeviceError, match="does the card still answer"):
        Tool().run("sleep", "30", limit_s=0.05)


def test_a_tool_that_fails_says_what_it_said_last():
    with pytest.raises(DeviceError, match="failed with 3: no such luck"):
        Tool().run("sh", "-c", "echo first; echo no such luck; exit 3", limit_s=10)


def test_why_a_partition_is_not_opened_is_an_error_in_the_log(monkeypatch, caplog):
    def no_card():
        raise DeviceError("the root lies on no card")

    monkeypatch.setattr(partitions, "card_of_root", no_card)

    assert partitions.main("state") == 1
    assert [(one.levelname, one.message) for one in caplog.records] == [("ERROR", "the root lies on no card")]
