"""Whatever of a card is damaged, and whatever its clock says, the box finds it, says it, and records on."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from fakes.card import Card
from fakes.damage import BLOCK, hash_offset, overwrite, partition, turn_bits
from fakes.qemu import emulated_for
from fakes.recording_box import Running, cold, recording_box, resumed
from fakes.walk import Walk
from vigil.upkeep.partition_table import SECTOR

# A start takes a minute or two in the emulator, and each test here has one or more.
pytestmark = emulated_for(2400, at_length=True)

MIB = 1 << 20
VIGIL = "/opt/vigil/bin/vigil"
# A year is set. Where it comes from the network the kernel is told so in the same moment, as an NTP daemon does:
# STA_UNSYNC goes, and the error is bounded (adjtimex(2)).
SET = (
    "import ctypes, struct, time; "
    "timex = ctypes.create_string_buffer(struct.pack('Iqqqqi', 0x1c, 0, 0, 0, 0, 0), 256); "
    "adjtimex = ctypes.CDLL(None).adjtimex; time.clock_settime(time.CLOCK_REALTIME, {:.0f})"
)
SYNCED = "; assert adjtimex(timex) == 0"


def logged(running: Running, pattern: str) -> int:
    """How many lines of this start's log match."""
    return int(running.shell.ask(f"journalctl -b --no-pager -o cat | grep -cE '{pattern}' || true"))


def overwritten(card: Card, noise: bytes) -> bool:
    """Whether p7 still begins with the noise: nobody has made it anew."""
    with card.path.open("rb") as disk:
        disk.seek(partition(card, 7).start * SECTOR)
        return disk.read(len(noise)) == noise


def sequence_numbers(running: Running) -> list[int]:
    """The numbers of all segments of the camera that have a sidecar, in their order."""
    listed = running.shell.ask("cd /vigil/video/bench; ls */*/*/*.seal | sed 's,.*/,,; s,-.*,,' | sort")
    return [int(word) for word in listed.split()]


def label(running: Running) -> str:
    """What the newest file says of the clock."""
    return running.shell.ask('head -n1 "$(newest)" | grep -ao \'"clock":"[a-z]*"\'').split('"')[3]


def flip(card: Card, part: int, name: str) -> None:
    """Turn a bit in every 4 KiB of a file."""
    data = bytearray(card.read(part, name))
    for at in range(16, len(data), 4096):
        data[at] ^= 1
    card.write(part, name, bytes(data))


def it_becomes(running: Running, year: int, *, by_network: bool) -> None:
    """Set the box's clock, and wait until it records a file that began then."""
    words = SET.format(datetime(year, 3, 1, 12, tzinfo=UTC).timestamp()) + (SYNCED if by_network else "")
    running.shell.ask(f'/opt/vigil/bin/python -c "{words}"')
    running.shell.ask(f"while [[ $(newest) != */{year}/* ]]; do sleep 2; done", timeout_s=300)
    running.shell.until_recording()


def test_a_wrong_clock_keeps_nothing_waiting_deletes_nothing_and_says_what_it_is(tmp_path: Path):
    """A start in 1970, as on a board without a battery; then ten years too far; then the time arrives."""
    overlay = recording_box().overlay(tmp_path / "card.qcow2")

    with cold(overlay, more=("-rtc", "base=1970-11-23T12:00:00")) as running:
        running.shell.wait()
        running.shell.until_recording()
        at_first = running.shell.ask("cd /vigil/video/bench; ls */*/*/*.seal").split()
        # Before what it has recorded it cannot be.
        years = {int(name[:4]) for name in at_first}
        assert min(years) > 1970 and label(running) == "unsynced"

        it_becomes(running, max(years) + 10, by_network=False)
        assert label(running) == "unsynced"

        it_becomes(running, max(years) + 1, by_network=True)
        assert label(running) == "stepped"
        numbers = sequence_numbers(running)
        assert numbers == list(range(1, numbers[-1] + 1)) and numbers[-1] >= len(at_first) + 2
        entries = "cat /vigil/state/journal/*/entries/*"
        running.shell.ask(f"while (($({entries} | grep -ac 'clock[.]stepped') < 2)); do sleep 2; done", timeout_s=300)
        running.shell.ask(f"{VIGIL} check --data /vigil", timeout_s=300)


def test_turned_bits_all_over_the_card_leave_the_other_slot_recording(tmp_path: Path):
    """
    All at once: in boot script, slot state and set-up file, in a root and its hashes, and in both data partitions.

    Of the kernels' partitions, in what another board reads: this slot is to die of its root, each time it is tried.
    """
    card = recording_box().copy(tmp_path / "card.img")
    for name in ("boot.scr", "uboot.env", "slots.env", "vigil.toml"):
        flip(card, 1, name)
    for part in (2, 3):
        flip(card, part, "dtbs/broadcom/bcm2837-rpi-3-b.dtb")
    turn_bits(card, 5, every=256 << 10, size=hash_offset(card))
    turn_bits(card, 5, every=BLOCK, first=hash_offset(card), size=hash_offset(card) + BLOCK)
    for part, size in ((7, 200 * MIB), (8, 1000 * MIB)):
        turn_bits(card, part, every=96 << 10, first=16 * MIB, size=size)

    with cold(card.path) as running:
        running.guest.wait_for("^Vigil: slots.env is missing or damaged", timeout_s=60)
        walk = Walk(running)
        for left in (3, 2, 1):
            walk.start("A", left)
        walk.start("B", 0)
        walk.tell("bits turned all over the card")
        assert running.shell.wait() == "B"
        running.shell.until_recording()
        print(f"recording {walk.so_far_s:.0f} s after the first start")
        assert any("Checksum failed at sector" in line for line in running.guest.lines)


def test_a_state_that_is_destroyed_costs_no_recording_and_is_told(tmp_path: Path):
    card = recording_box().copy(tmp_path / "card.img")
    noise = os.urandom(MIB)
    for at in range(64):
        overwrite(card, 7, noise, at=at * MIB)

    with cold(card.path) as running:
        running.shell.wait()
        running.shell.until_recording()
        assert logged(running, "vda7 is not used: it was in use") > 0
        assert logged(running, "the state partition is not there: the box records on") > 0
        assert overwritten(card, noise)


def test_a_video_file_system_that_the_kernel_closed_is_opened_again(tmp_path: Path):
    """An error in the file system: the kernel writes no more to it, until a start has checked it."""
    with resumed(recording_box(), tmp_path) as running:
        began = time.monotonic()
        running.shell.ask("echo 1 >/sys/fs/ext4/$(basename $(readlink -f /dev/mapper/vigil-video))/trigger_fs_error")
        found = running.records_after_reset(began)
        print(f"video closed by the kernel: reset after {found.reset_s:.0f} s, recording after {found.records_s:.0f} s")

        assert found.start.left == (3, 3)
        assert logged(running, "the box restarted itself: .*video") == 1
