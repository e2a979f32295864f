"""From power to the first durable fragment, beside a bare Debian on the same emulated board: docs/design/boot.md."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fakes.bare_debian import UP, bare_card
from fakes.first_boots import BOOT_S, POWER_OFF, SCRIPT, boot, flashed
from fakes.qemu import Machine, emulated_for, running

# Three boots for each board, of which the emulated Pi takes minutes for one.
pytestmark = emulated_for(5400, at_length=True)

# QEMU wants cards of a Pi to be a power of two.
SIZE_MIB = 4096


def bare_s(place: Path, board: str) -> float:
    """Seconds from power until a bare Debian has started all it has."""
    card = bare_card(place)
    with place.open("r+b") as file:
        file.truncate(SIZE_MIB << 20)
    with running(Machine(board=board, card=card.path)) as guest:
        began = time.monotonic()
        guest.wait_for(UP, timeout_s=BOOT_S)
        took_s = time.monotonic() - began
    place.unlink()
    return took_s


@pytest.mark.parametrize("board", ["virt", "raspi3b"])
def test_a_box_records_not_long_after_a_bare_debian_would_be_up(tmp_path: Path, board: str):
    debian_s = bare_s(tmp_path / "bare.img", board)
    card = flashed(tmp_path / "card.img", size_mib=SIZE_MIB, script=SCRIPT + POWER_OFF)

    first = boot(card, board, until_off=True)
    second = boot(card, board, until_off=True)

    print(f"| {board} | {debian_s:.0f} | {first.recording_s:.0f} | {second.recording_s:.0f} |")
    print(first.told, second.told, sep="\n\n")
    for one in (first, second):
        assert one.said["failed"] == "", one.told
        assert one.said["mounts"] == "/dev/mapper/vigil-state /dev/mapper/vigil-video"
        assert (one.said["root"], one.said["tainted"]) == ("ro", "0"), one.told
    assert second.said["earlier"].split()[1:] == ['"type":"sealed"'], second.told
