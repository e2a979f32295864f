"""p7 and p8 appear on a card of any size, and no cut in between leaves a table that sfdisk would not read."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.errors import FormatError
from vigil.upkeep.partition_table import (
    MIB,
    SECTOR,
    Stage,
    read_table,
    state_sectors,
    with_data_partitions,
    with_stage,
)

FLASHED = """label: dos
label-id: 0x56494749
unit: sectors
1 : start=2048, size=524288, type=c, bootable
2 : start=526336, size=196608, type=83
3 : start=722944, size=196608, type=83
4 : start=919552, size=2105344, type=f
5 : start=921600, size=1048576, type=83
6 : start=1972224, size=1048576, type=83
"""
LAST = 1_972_224 + 1_048_576

pytestmark = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="sfdisk is not installed")


class Image:
    """A card as a sparse file; what is written to it can be cut off anywhere."""

    def __init__(self, path, size_mib):
        self.path = path
        self.total = size_mib * MIB
        with path.open("wb") as file:
            file.truncate(self.total * SECTOR)

    def flash(self, script=FLASHED):
        subprocess.run(["sfdisk", "-q", str(self.path)], input=script, text=True, check=True, capture_output=True)
        return self

    def read(self, number):
        with self.path.open("rb") as file:
            file.seek(number * SECTOR)
            return file.read(SECTOR)

    def write(self, writes):
        with self.path.open("r+b") as file:
            for number, data in writes:
                assert len(data) == SECTOR
                file.seek(number * SECTOR)
                file.write(data)

    def due(self):
        return with_data_partitions(self.read, self.total, state_sectors(self.total))

    def by_sfdisk(self):
        """The table as a stranger reads it: number, start, size, type, bootable."""
        done = subprocess.run(["sfdisk", "--json", str(self.path)], capture_output=True, text=True, check=True)
        assert "omitting" not in done.stderr and "invalid" not in done.stderr, done.stderr
        found = json.loads(done.stdout)["partitiontable"]
        assert found["id"] == "0x56494749"
        return [
            (int(one["node"].removeprefix(str(self.path))), one["start"], one["size"], int(one["type"], 16))
            for one in found["partitions"]
            if one["size"]
        ]

    def by_us(self):
        return [(one.number, one.start, one.size, one.type) for _, one in sorted(read_table(self.read).items())]


@pytest.fixture
def image(tmp_path):
    return Image(tmp_path / "card.img", 4000).flash()


def test_we_read_a_flashed_card_as_sfdisk_does(image):
    assert image.by_us() == image.by_sfdisk()
    assert [number for number, *_ in image.by_us()] == [1, 2, 3, 4, 5, 6]


def test_both_partitions_appear_and_nothing_else_moves(image):
    before = image.by_sfdisk()

    image.write(image.due())

    after = image.by_sfdisk()
    assert after == image.by_us()
    assert after[:3] == before[:3] and after[4:6] == before[4:6]
    extended, seventh, eighth = after[3], after[6], after[7]
    assert seventh == (7, LAST + MIB, 256 * MIB, Stage.NEW)
    assert eighth == (8, seventh[1] + seventh[2] + MIB, image.total - eighth[1], Stage.NEW)
    assert extended[1] + extended[2] == image.total
    assert image.due() == []


def test_sfdisk_has_no_objection(image):
    image.write(image.due())

    done = subprocess.run(["sfdisk", "--verify", str(image.path)], capture_output=True, text=True, check=True)
    assert "No errors detected" in done.stdout


@settings(max_examples=12, deadline=None)
@given(size_mib=st.integers(1900, 40_000))
def test_a_card_of_any_size_is_used_to_its_end(tmp_path_factory, size_mib):
    image = Image(tmp_path_factory.mktemp("card") / "card.img", size_mib).flash()

    image.write(image.due())

    *_, seventh, eighth = image.by_sfdisk()
    assert seventh[2] == (2048 * MIB if size_mib >= 7000 else 256 * MIB)
    assert eighth[1] + eighth[2] == image.total
    assert seventh[1] % MIB == eighth[1] % MIB == 0


@pytest.mark.parametrize("stale", [b"", b"\x55\xaa"], ids=["clean card", "links of an earlier card"])
def test_a_cut_between_any_two_writes_leaves_a_table_that_is_made_whole_by_the_next_boot(tmp_path, stale):
    image = Image(tmp_path / "card.img", 4000).flash()
    writes = image.due()
    assert len(writes) == 4
    for cut in range(len(writes) + 1):
        again = Image(tmp_path / "again.img", 4000).flash()
        if stale:
            again.write([(number, bytes(SECTOR - 2) + stale) for number, _ in writes[1:3]])
        again.write(writes[:cut])

        numbers = [number for number, *_ in again.by_sfdisk()]
        assert numbers == ([1, 2, 3, 4, 5, 6, 7, 8] if cut == 4 else [1, 2, 3, 4, 5, 6])
        again.write(again.due())
        assert again.by_sfdisk() == [*image_after(image, writes)]


def image_after(image, writes):
    image.write(writes)
    return image.by_sfdisk()


def test_an_eighth_is_added_where_somebody_made_only_the_seventh(image):
    subprocess.run(
        ["sfdisk", "-q", "-N", "4", str(image.path)], input=", 7000000\n", text=True, check=True, capture_output=True
    )
    subprocess.run(
        ["sfdisk", "-q", "--append", str(image.path)], input=f"start={LAST + MIB},size=524288,type=83\n", text=True,
        check=True, capture_output=True,
    )  # fmt: skip

    image.write(image.due())

    *_, seventh, eighth = image.by_sfdisk()
    assert seventh == (7, LAST + MIB, 524_288, 0x83)
    assert eighth[3] == Stage.NEW and eighth[1] + eighth[2] == image.total


@pytest.mark.parametrize("stage", list(Stage))
def test_a_stage_is_one_byte_and_one_sector(image, stage):
    image.write(image.due())
    before = image.by_sfdisk()

    writes = with_stage(image.read, 8, stage)
    image.write(writes)

    assert len(writes) == 1
    assert image.by_sfdisk() == [*before[:7], (*before[7][:3], stage)]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("label: dos\nlabel-id: 0x56494749\n1 : start=2048, size=524288, type=c\n", "not laid out"),
        (FLASHED.replace("4 : start=919552, size=2105344, type=f\n", "").split("5 :")[0], "not laid out"),
    ],
)
def test_a_card_that_is_laid_out_otherwise_is_left_alone(tmp_path, script, said):
    image = Image(tmp_path / "card.img", 4000).flash(script)

    with pytest.raises(FormatError, match=said):
        image.due()


def test_a_card_without_room_is_told_so(tmp_path):
    with pytest.raises(FormatError, match="too small"):
        Image(tmp_path / "card.img", 1700).flash().due()


@pytest.mark.parametrize("sector", [b"", bytes(SECTOR), b"\xff" * SECTOR])
def test_noise_is_no_table_or_an_empty_one_and_never_ours(sector):
    with pytest.raises(FormatError):
        with_data_partitions(lambda _number: sector, 8_000_000, state_sectors(8_000_000))


@settings(max_examples=200, deadline=None)
@given(links=st.dictionaries(st.integers(0, 40), st.binary(min_size=64, max_size=64), max_size=12))
def test_no_chain_of_links_leads_round_for_ever(links):
    def read(number):
        return bytes(446) + links.get(number, bytes(64)) + b"\x55\xaa"

    assert len(read_table(read)) <= 40
