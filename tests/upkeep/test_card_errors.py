"""What the kernel says of a card is understood, counted, and told a few times only."""

from __future__ import annotations

import pytest

from vigil.errors import FormatError
from vigil.upkeep.card_errors import CardMap, Ill, Trouble, complaint, counted, decode, due, encode, trouble_in

SPANS = {1: (8192, 1000), 4: (20_000, 90_000), 5: (22_048, 900), 7: (40_960, 8192), 8: (51_200, 9999)}
CARD = CardMap("mmcblk0", SPANS, {"dm-1": "state"})
STICK = "6,1,2,-;I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2"


def refused(sector: int, *, error: str = "I/O", operation: str = "READ", priority: int = 3, before: str = "") -> str:
    """As block/blk-core.c of Linux 6.12 says it."""
    text = f"{before}{error} error, dev mmcblk0, sector {sector} op 0x0:({operation}) flags 0x0 phys_seg 1 prio class 2"
    return f"{priority},812,22715033,-;{text}\n SUBSYSTEM=block\n DEVICE=b179:0\n"


def turned(partition: str, *, how: str = "at sector 0x2a8") -> str:
    """As drivers/md/dm-integrity.c says it."""
    return f"3,990,98765432,-;device-mapper: integrity: {partition}: Checksum failed {how}\n"


@pytest.mark.parametrize(
    ("record", "partition"),
    [
        (refused(8192), "boot"),
        (refused(22_048 + 899), "system of slot A"),
        (refused(40_960), "state"),
        (refused(51_200, operation="WRITE"), "video"),
        (refused(52_000, error="critical medium"), "video"),
        (refused(52_000, error="timeout"), "video"),
        (refused(0), "card"),
        (refused(30_000), "card"),
        (refused(51_200, before="blk_update_request: "), "video"),
    ],
)
def test_what_the_card_refuses_is_laid_to_its_partition(record: str, partition: str):
    assert trouble_in(record, CARD) == Trouble(Ill.REFUSED, partition)


@pytest.mark.parametrize(
    ("record", "partition"),
    [
        (turned("dm-1"), "state"),
        (turned("mmcblk0p7"), "state"),
        (turned("mmcblk0p8"), "video"),
        (turned("mmcblk0p7", how="when reading from journal, at sector 0x10"), "state"),
    ],
)
def test_bytes_that_turned_are_laid_to_their_partition(record: str, partition: str):
    assert trouble_in(record, CARD) == Trouble(Ill.TURNED, partition)


def test_disks_whose_names_end_in_a_letter_are_known_too():
    assert trouble_in(turned("vda8"), CardMap("vda", {8: (0, 10)}, {})) == Trouble(Ill.TURNED, "video")


@pytest.mark.parametrize(
    "record",
    [
        "",
        "garbage",
        ";",
        "x,1,2,-;I/O error, dev mmcblk0, sector 1 op 0x0:(READ) flags 0x0",
        "6,1,2,-;EXT4-fs (dm-1): mounted filesystem",
        STICK,
        turned("loop0"),
        turned("dm-0"),
        turned("mmcblk1p7"),
        refused(1, operation="DISCARD"),
        refused(1, error="operation not supported", operation="ZONE_RESET"),
        refused(40_960, priority=11),
    ],
    ids=[
        "nothing", "garbage", "empty", "no priority", "peace", "a stick", "a loop", "the system", "another card",
        "a discard", "what it does not know", "a program that speaks as the kernel",
    ],
)  # fmt: skip
def test_everything_else_says_nothing_of_the_card(record: str):
    assert trouble_in(record, CARD) is None


def test_a_card_that_dies_is_told_a_handful_of_times():
    trouble, told, tellings = Trouble(Ill.REFUSED, "video"), {}, []
    seen: dict[Trouble, int] = {}
    for _ in range(12_345):
        seen = counted([trouble, None], seen)
        if news := due(seen, told):
            told |= news
            tellings.append(news[trouble])

    assert tellings == [1, 10, 100, 1000, 10_000]


def test_what_is_new_is_told_though_something_else_was():
    state, video = Trouble(Ill.TURNED, "state"), Trouble(Ill.TURNED, "video")

    assert due({state: 9, video: 1}, {state: 1}) == {video: 1}
    assert due({}, {state: 1}) == {}


def test_the_owner_is_told_what_where_and_what_to_do():
    assert complaint({}) == ""

    said = complaint({Trouble(Ill.TURNED, "state"): 1, Trouble(Ill.REFUSED, "card"): 20})
    assert said == (
        "it goes bad: outside of its partitions it refuses to read or to write (20 times or more); in its partition "
        "“state” it gives back other bytes than were written (once). Copy what matters from it, and replace it."
    )


def test_what_was_told_is_read_again_and_garbage_is_not():
    told = {Trouble(Ill.DISORDER, "video"): 3, Trouble(Ill.TURNED, "state"): 100}
    assert decode(encode(told)) == told

    for data in (b"", b"{", b"{}1", b"[1]", b'[{"what":"sad","partition":"x","times":1}]', b'[{"what":"refused"}]'):
        with pytest.raises(FormatError):
            decode(data)
