"""A flashed card starts for the first time: it makes what it lacks, records, ends in good order, and goes on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fakes.card import Card
from fakes.first_boots import POWER_OFF, SCRIPT, Boot, boot, flashed, needs_recovery
from fakes.qemu import emulated_for
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import Stage, read_table

# A boot takes a minute and a half in the emulator, some minutes where the machine has other things to do.
pytestmark = emulated_for(2400)

SIZE_MIB = 8192  # much larger than the image
POWER_OFF_AT_FIRST = f"""
[ -n "$earlier" ] || {{ {POWER_OFF.strip()}; }}
"""


@dataclass(frozen=True, slots=True)
class Box:
    """
    A card, and its first two boots: the first ended as its owner would end it, the second by the plug.

    `unclean` says which of them left recordings whose file system is to be recovered.
    """

    card: Card
    first: Boot
    second: Boot
    unclean: tuple[bool, bool]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    place = tmp_path_factory.mktemp("card") / "card.img"
    card = flashed(place, size_mib=SIZE_MIB, script=SCRIPT + POWER_OFF_AT_FIRST)
    first = boot(card, until_off=True)
    after_first = needs_recovery(card)
    second = boot(card)
    print(f"virt: first durable fragment {first.recording_s:.0f} s, at the second start {second.recording_s:.0f} s")
    return Box(card, first, second, (after_first, needs_recovery(card)))


def test_a_flashed_card_makes_what_it_lacks_and_records(box: Box):
    for one in (box.first, box.second):
        assert one.said["failed"] == "", one.told
        assert one.said["name"].startswith("garage machine ")
        assert one.said["mounts"] == "/dev/mapper/vigil-state /dev/mapper/vigil-video"
        assert (one.said["root"], one.said["firewall"], one.said["tainted"]) == ("ro", "1", "0"), one.told
    assert box.second.said["device"] == box.first.said["device"]
    assert b"correct horse" not in box.card.read(1, "vigil.toml")


def test_a_larger_card_is_used_to_its_end(box: Box):
    table = read_table(Sectors(box.card.path).read_sector)
    assert (table[7].type, table[8].type) == (Stage.READY, Stage.READY)
    assert table[8].end * 512 == SIZE_MIB << 20


def test_what_was_shut_down_in_good_order_needs_no_recovery(box: Box):
    count, *ends = box.second.said["earlier"].split()
    assert int(count) > 0 and ends == ['"type":"sealed"'], box.second.told
    assert box.unclean == (False, True)
