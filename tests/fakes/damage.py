"""Hands for spoiling a card: its partitions, wherever they lie, overwritten."""

from __future__ import annotations

from fakes.card import Card
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import SECTOR, Partition, read_table


def partition(card: Card, number: int) -> Partition:
    """One of the card's partitions, p5 and further too."""
    return read_table(Sectors(card.path).read_sector)[number]


def overwrite(card: Card, number: int, data: bytes, *, at: int = 0) -> None:
    """Write `data` into a partition, `at` bytes behind its beginning."""
    with card.path.open("r+b") as disk:
        disk.seek(partition(card, number).start * SECTOR + at)
        disk.write(data)
