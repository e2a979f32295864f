"""Hands for spoiling a card: its partitions, wherever they lie, overwritten or with single bits turned."""

from __future__ import annotations

import re

from fakes.card import Card
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import SECTOR, Partition, read_table

BLOCK = 4096
# A first root waits two minutes for a device. How long it is on a box is held by tests/image/test_watchdog_times.py.
SOONER = " systemd.default_device_timeout_sec=20"


def partition(card: Card, number: int) -> Partition:
    """One of the card's partitions, p5 and further too."""
    return read_table(Sectors(card.path).read_sector)[number]


def overwrite(card: Card, number: int, data: bytes, *, at: int = 0) -> None:
    """Write `data` into a partition, `at` bytes behind its beginning."""
    with card.path.open("r+b") as disk:
        disk.seek(partition(card, number).start * SECTOR + at)
        disk.write(data)


def turn_bits(card: Card, number: int, *, every: int, size: int, first: int = 0) -> None:
    """
    Turn a bit of a block in every `every` bytes of a partition, from `first` on; blocks that hold nothing stay so.

    `size` is where it ends. All three are in bytes.
    """
    start = partition(card, number).start * SECTOR
    with card.path.open("r+b") as disk:
        for at in range(start + first, start + size, every):
            disk.seek(at)
            block = disk.read(BLOCK)
            if any(block):
                disk.seek(at)
                disk.write(bytes([block[0] ^ 1]) + block[1:])


def shorten(card: Card, number: int, *, sectors: int) -> None:
    """Let a partition end early, by the table."""
    found = partition(card, number)
    with card.path.open("r+b") as disk:
        disk.seek(found.entry_at * SECTOR + 446 + 16 * found.slot + 12)
        disk.write(sectors.to_bytes(4, "little"))


def hash_offset(card: Card) -> int:
    """Where in p5 the tree of hashes over the root begins."""
    return int(re.findall(rb"hash-offset=(\d+)", card.read(2, "slot.env"))[0])


def change_arguments(card: Card, pattern: str, by: str) -> None:
    """Change what the kernel is told when slot A is started; `pattern` is a regular expression."""
    lines = card.read(2, "slot.env").decode().splitlines()
    changed = [re.sub(pattern, by, line) if line.startswith("slotargs_A=") else line for line in lines]
    assert changed != lines
    card.write(2, "slot.env", "".join(line + "\n" for line in changed).encode())


def add_arguments(card: Card, words: str) -> None:
    """Tell the kernel of slot A more."""
    change_arguments(card, "$", words)
