"""What the owner has wired to a Pi, as `hardware.env` on p1 says it, reaches the kernel's device tree, and its pins."""

from __future__ import annotations

import re

import pytest

from boot.overlays import compiled_overlays
from boot.products import boot_files
from fakes.card import Card, cpio
from fakes.debian_kernel import debian_kernel
from fakes.qemu import Guest, Machine, emulated, running
from fakes.selector_cards import START_S, Cards, firmware_tree, started
from fakes.wiring import WIRES

# An emulated Pi: 2 s for each start, 30 s with a kernel.
pytestmark = emulated

GPIO_REGISTERS = 0x3F200000
LEVELS = 0x34
OUTPUT = 1


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return Cards(tmp_path_factory.mktemp("cards"), slot_mib=48)


def with_trees(card: Card, hardware: str) -> Card:
    """Slot A gets its device tree and the overlays; p1 the owner's file."""
    card.write(1, "hardware.env", hardware.encode())
    card.write(2, "dtbs/broadcom/bcm2837-rpi-3-b.dtb", firmware_tree())
    for name, data in compiled_overlays().items():
        card.write(2, name, data)
    return card


def fitted(guest: Guest) -> list[str]:
    """What the selector said of overlays, once the slot runs."""
    assert started(guest)[2] == "A runs"
    return [line.removeprefix("Vigil: ") for line in guest.lines if re.match("Vigil: .*(fitted|overlay)", line)]


@pytest.mark.parametrize(
    ("hardware", "said"),
    [
        ("overlays=panel rtc power-button\n", ["panel fitted", "rtc fitted", "power-button fitted"]),
        ("# a remark\r\noverlays=rtc\r\n", ["rtc fitted"]),
        ("overlays=panel sonar rtc\n", ["panel fitted", "this system knows no overlay sonar", "rtc fitted"]),
        ("overlays=../../vmlinuz ${x} ; reset\n", None),
        ("", []),
        ("\x00\xff garbage = \n\n=", []),
    ],
    ids=["all", "from-windows", "unknown", "hostile", "empty", "garbage"],
)
def test_what_the_owner_named_is_fitted(cards: Cards, hardware: str, said: list[str] | None):
    card = with_trees(cards.make("raspi3b"), hardware)

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        told = fitted(guest)

    if said is None:
        assert told and all(line.startswith("this system knows no overlay ") for line in told)
    else:
        assert told == said


def test_the_file_that_ships_names_nothing(cards: Cards):
    shipped = boot_files()["hardware.env"].decode()
    card = with_trees(cards.make("raspi3b"), shipped)
    with running(Machine(board="raspi3b", card=card.path)) as guest:
        assert fitted(guest) == []

    card = with_trees(cards.make("raspi3b"), shipped.replace("# overlays", "overlays"))
    with running(Machine(board="raspi3b", card=card.path)) as guest:
        assert fitted(guest) == ["panel fitted", "rtc fitted", "power-button fitted"]


def test_an_overlay_that_does_not_fit_costs_no_start(cards: Cards):
    card = with_trees(cards.make("raspi3b"), "overlays=rtc panel\n")
    card.write(2, "overlays/bcm2835/panel.dtbo", compiled_overlays()["overlays/rp1/panel.dtbo"])

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        told = fitted(guest)
        assert any("fdt blob at 0xa000000" in line for line in guest.lines)

    assert told == ["rtc fitted", "overlay panel does not fit this board, none is used"]


def test_a_kernel_puts_the_pins_of_the_panel_where_the_wiring_wants_them(cards: Cards):
    card = with_trees(cards.make("raspi3b"), "overlays=panel\n")
    card.write(2, "vmlinuz", debian_kernel())
    card.write(2, "initrd", cpio({"nothing/here": b"to be run"}))

    with running(Machine(board="raspi3b", card=card.path)) as guest:
        guest.wait_for("^Vigil: starting", timeout_s=START_S)
        before = pins(guest)
        guest.wait_for("Kernel panic - not syncing: VFS", timeout_s=200)
        after = pins(guest)

    outputs = {wire.gpio: wire.rests == "output-high" for wire in WIRES if wire.rests.startswith("output")}
    assert len(outputs) == 3 and not any(before[gpio][0] == OUTPUT for gpio in outputs)
    assert {gpio: after[gpio] for gpio in outputs} == {gpio: (OUTPUT, level) for gpio, level in outputs.items()}
    assert all(after[wire.gpio][0] == 0 for wire in WIRES if wire.overlay == "panel" and wire.gpio not in outputs)


def pins(guest: Guest) -> dict[int, tuple[int, bool]]:
    """The function (0 input, 1 output) and the level of the first 30 lines, read from the Pi's registers."""
    with guest.qmp() as control:
        told = control.monitor(f"xp /14xw {GPIO_REGISTERS:#x}")
    words = [int(word, 16) for line in told.splitlines() for word in line.split(":")[1].split()]
    levels = words[LEVELS // 4]
    return {line: (words[line // 10] >> 3 * (line % 10) & 7, bool(levels >> line & 1)) for line in range(30)}
