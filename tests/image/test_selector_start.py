"""What a slot is started with: its kernel, its device tree, its command line, and U-Boot's own files."""

from __future__ import annotations

import pytest

from boot.products import boot_files, boot_script, uboot_environment
from fakes.qemu import Machine, Silence, emulated, running
from fakes.selector_cards import START_S, Cards, firmware_tree, reset, started, state_of
from fakes.tiny_card import payload
from vigil.upkeep.slots import Slot, confirm, encode

# Machines are emulated: half a second for each start on `virt`, one to two on `raspi3b`.
pytestmark = emulated

each_board = pytest.mark.parametrize("board", ["virt", "raspi3b"])


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return Cards(tmp_path_factory.mktemp("cards"))


def test_the_boot_files_are_the_same_each_time():
    before = boot_script()
    boot_script.cache_clear()

    assert boot_script() == before
    assert boot_files()["boot2.scr"] == before
    assert len(uboot_environment()) == 0x4000


def test_the_firmware_is_told_whose_kernel_it_will_be():
    told = {board: boot_files(board)["config.txt"].decode().splitlines() for board in ("debian", "raspberrypi")}

    assert all("kernel=u-boot.bin" in lines and "kernel_watchdog_timeout=60" in lines for lines in told.values())
    assert [board for board, lines in told.items() if "upstream_kernel=1" in lines] == ["debian"]


@each_board
def test_the_command_line_is_the_slots_own_with_what_the_tree_held(cards: Cards, board: str):
    card = cards.make(board)

    with running(Machine(board=board, card=card.path, arguments="of=the test=1")) as guest:
        line = guest.wait_for(r"^Vigil: starting with (.*)$", timeout_s=START_S)[1]
        assert started_payload(guest) == "A runs"

    console, rest = line.split("slot-A-args", 1)
    assert console.strip() == ("console=ttyS1,115200" if board == "raspi3b" else "")
    given = "systemd.watchdog_sec=0 of=the test=1" if board == "raspi3b" else "of=the test=1"
    assert rest == f" panic=10 rauc.slot=A vigil.start=power {given}"


def started_payload(guest) -> str:
    """What the payload says."""
    return guest.wait_for(r"^payload (.+)$", timeout_s=START_S)[1]


@each_board
def test_a_compressed_kernel_starts(cards: Cards, board: str):
    card = cards.make(board)
    card.write(2, "vmlinuz", payload(board, "payload A was small", dies=False, compressed=True))

    with running(Machine(board=board, card=card.path)) as guest:
        assert started(guest)[2] == "A was small"


@each_board
def test_the_confirmation_of_a_running_system_is_seen_by_the_next_start(cards: Cards, board: str):
    card = cards.make(board)

    with running(Machine(board=board, card=card.path)) as guest:
        started(guest)
        reset(guest)
        assert started(guest) == ("A", "reset", "A runs")
        assert state_of(card).left_a == 2
        for name in ("slots.env", "slots2.env"):
            card.write(1, name, encode(confirm(state_of(card), Slot.A)))
        reset(guest)
        assert started(guest) == ("A", "reset", "A runs")

    assert (state_of(card).left_a, state_of(card).trying) == (3, Slot.A)


@pytest.mark.parametrize("chip", ["bcm2837", "bcm2710"], ids=["upstream", "vendor"])
def test_on_a_pi_the_slots_own_device_tree_is_used(cards: Cards, chip: str):
    card = cards.make("raspi3b")
    card.write(2, f"dtbs/broadcom/{chip}-rpi-3-b.dtb", firmware_tree())

    with running(Machine(board="raspi3b", card=card.path, arguments="from=firmware")) as guest:
        line = guest.wait_for(r"^Vigil: starting with (.*)$", timeout_s=START_S)[1]
        guest.wait_for(r"Booting using the fdt blob at 0xa000000$", timeout_s=START_S)
        assert started_payload(guest) == "A runs"

    assert line.endswith(" from=firmware")


def test_a_damaged_device_tree_of_the_slot_gives_way_to_the_firmwares(cards: Cards):
    card = cards.make("raspi3b")
    card.write(2, "dtbs/broadcom/bcm2837-rpi-3-b.dtb", b"\0" + firmware_tree()[1:])

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        guest.wait_for(r"Booting using the fdt blob at 0x8000000$", timeout_s=START_S)
        assert started_payload(guest) == "A runs"


def test_a_damaged_environment_of_u_boot_costs_seconds_and_nothing_else(cards: Cards):
    card = cards.make("raspi3b")
    card.write(1, "uboot.env", b"\xff" * 0x4000)

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        guest.wait_for("bad CRC, using default environment", timeout_s=START_S)
        assert started(guest)[2] == "A runs"


@each_board
def test_the_script_has_a_second_copy(cards: Cards, board: str):
    card = cards.make(board)
    card.write(1, "boot.scr", boot_script()[:2000] + b"\xff" + boot_script()[2001:])

    with running(Machine(board=board, card=card.path)) as guest:
        guest.wait_for("Bad data crc", timeout_s=START_S)
        assert started(guest)[2] == "A runs"


def test_without_any_script_nothing_is_asked_of_the_network(cards: Cards):
    card = cards.make("raspi3b")
    card.remove(1, "boot.scr")
    card.remove(1, "boot2.scr")

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        for _ in range(2):
            guest.wait_for("Failed to load 'boot2.scr'", timeout_s=START_S)
        assert not any(word in line for line in guest.lines for word in ("BOOTP", "DHCP", "TFTP"))


def test_the_watchdog_is_armed_where_the_firmware_says_so_and_only_there(cards: Cards):
    """The emulated Pi's watchdog bites at once: with it armed, the script never comes to the slots."""
    card = cards.make("raspi3b")

    with running(Machine(board="raspi3b", card=card.path, arguments="vigil.watchdog=boot")) as guest:
        for _ in range(3):
            guest.wait_for("Executing script", timeout_s=START_S)
        assert not any(line.startswith("Vigil: found") for line in guest.lines)

    with running(Machine(board="raspi3b", card=card.path, arguments="vigil.watchdog=off")) as guest:
        assert started(guest)[2] == "A runs"


def test_a_machine_that_says_nothing_is_reported_with_its_last_words(cards: Cards):
    card = cards.make("virt")

    with (
        running(Machine(board="virt", card=card.path)) as guest,
        pytest.raises(Silence, match=r"(?s)silent waiting for 'never'.*payload A runs"),
    ):
        guest.wait_for("^payload A runs$", timeout_s=START_S)
        guest.wait_for("never", timeout_s=0.1)


@each_board
def test_a_command_line_as_long_as_a_kernel_takes_is_whole(cards: Cards, board: str):
    """A Pi's firmware adds some 500 letters of its own to the slot's."""
    card = cards.make(board)
    given = " ".join(f"word.{number}=0123456789" for number in range(85))

    with running(Machine(board=board, card=card.path, arguments=given)) as guest:
        line = guest.wait_for(r"^Vigil: starting with (.*)$", timeout_s=START_S)[1]
        assert started_payload(guest) == "A runs"

    assert 1600 < len(line) < 2048
    assert line.endswith(given)
