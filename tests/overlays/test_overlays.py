"""The overlays of the reference wiring compile without a word, and fit the device trees of Debian's kernel."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from boot.overlays import FAMILIES, SOURCES, compile_overlay, compiled_overlays
from boot.products import device_trees
from fakes.wiring import WIRES

# Debian's device trees are fetched once, and the tools are the host's.
pytestmark = [pytest.mark.slow, pytest.mark.host]

BOARDS = {
    "bcm2837-rpi-3-b": "bcm2835",
    "bcm2837-rpi-3-b-plus": "bcm2835",
    "bcm2837-rpi-zero-2-w": "bcm2835",
    "bcm2711-rpi-4-b": "bcm2835",
    "bcm2712-rpi-5-b": "rp1",
    "bcm2712-d-rpi-5-b": "rp1",
}
RESTS = {"output-low", "output-high", "bias-pull-up", "bias-pull-down"}
NAMES = ("panel", "rtc", "power-button")
GPIO = {"bcm2835": "gpio", "rp1": "rp1_gpio"}
I2C = {"bcm2835": "i2c1", "rp1": "rp1_i2c1"}

each_board = pytest.mark.parametrize("board", BOARDS)


@dataclass(frozen=True, slots=True)
class Tree:
    """A device tree in a file."""

    path: Path

    def get(self, node: str, name: str, kind: str = "s") -> str:
        """A property as `fdtget` prints it: `s` strings, `u` numbers. Fails if it is not there."""
        done = subprocess.run(["fdtget", "-t", kind, self.path, node, name], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def at(self, label: str) -> str:
        """The path of a labelled node."""
        return self.get("/__symbols__", label)

    def properties(self, node: str) -> list[str]:
        done = subprocess.run(["fdtget", "-p", self.path, node], check=True, capture_output=True, text=True)
        return done.stdout.split()

    def children(self, node: str) -> list[str]:
        done = subprocess.run(["fdtget", "-l", self.path, node], check=True, capture_output=True, text=True)
        return done.stdout.split()


@cache
def overlay(family: str, name: str) -> bytes:
    return compiled_overlays()[f"overlays/{family}/{name}.dtbo"]


def fitted(directory: Path, board: str, names: tuple[str, ...]) -> Tree:
    """Debian's tree for the board with overlays applied, in this order."""
    family, files = BOARDS[board], []
    for name in names:
        file = directory / f"{name}.dtbo"
        file.write_bytes(overlay(family, name))
        files.append(file)
    made = directory / "fitted.dtb"
    base = device_trees() / f"{board}.dtb"
    done = subprocess.run(["fdtoverlay", "-i", base, "-o", made, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Tree(made)


def phandles(tree: Tree, node: str, name: str) -> list[str]:
    return tree.get(node, name, "u").split()


def pins_of(tree: Tree, family: str) -> dict[str, tuple[str, str]]:
    """Every pin that the panel sets: its function and how it rests."""
    found: dict[str, tuple[str, str]] = {}
    gpio = tree.at(GPIO[family])
    held = phandles(tree, gpio, "pinctrl-0")
    for child in tree.children(gpio):
        if not child.startswith("vigil-"):
            continue
        node = f"{gpio}/{child}"
        assert tree.get(node, "phandle", "u") in held, f"{child} is never used"
        listed = subprocess.run(["fdtget", "-p", tree.path, node], check=True, capture_output=True, text=True)
        rests = [
            word
            for word in ("output-low", "output-high", "bias-pull-up", "bias-pull-down")
            if word in listed.stdout.split()
        ]
        assert len(rests) == 1, (child, rests)
        for pin in tree.get(node, "pins").split():
            found[pin] = (tree.get(node, "function"), rests[0])
    return found


def test_there_is_every_overlay_for_every_family():
    assert sorted(compiled_overlays()) == sorted(
        f"overlays/{family}/{name}.dtbo" for family in FAMILIES for name in NAMES
    )
    assert set(BOARDS.values()) == set(FAMILIES)


def test_a_warning_of_the_compiler_is_a_failure(tmp_path: Path):
    source = tmp_path / "wrong.dts"
    source.write_text("/dts-v1/;\n/plugin/;\n&gpio { child@1 { }; };\n")

    with pytest.raises(ValueError, match="unit_address_vs_reg"):
        compile_overlay(source)


@each_board
def test_the_pins_of_the_panel_rest_as_the_wiring_says(tmp_path: Path, board: str):
    family = BOARDS[board]
    found = pins_of(fitted(tmp_path, board, ("panel",)), family)

    input_, output = {"bcm2835": ("gpio_in", "gpio_out"), "rp1": ("gpio", "gpio")}[family]
    expected = {
        f"gpio{wire.gpio}": (output if wire.rests.startswith("output") else input_, wire.rests)
        for wire in WIRES
        if wire.overlay == "panel"
    }
    assert found == expected and len(found) == 6


@each_board
def test_no_driver_owns_a_line_of_the_panel(tmp_path: Path, board: str):
    tree = fitted(tmp_path, board, ("panel",))
    before = Tree(device_trees() / f"{board}.dtb")

    assert tree.children("/") == before.children("/")


@each_board
def test_the_clock_sits_on_a_bus_that_is_on(tmp_path: Path, board: str):
    tree = fitted(tmp_path, board, ("rtc",))
    bus = tree.at(I2C[BOARDS[board]])

    assert tree.get(f"{bus}/rtc@68", "compatible") == "maxim,ds3231"
    assert tree.get(f"{bus}/rtc@68", "reg", "x") == "68"
    assert (tree.get(bus, "status"), tree.get(bus, "#address-cells", "u"), tree.get(bus, "#size-cells", "u")) == (
        "okay",
        "1",
        "0",
    )
    (pins,) = phandles(tree, bus, "pinctrl-0")
    gpio = tree.at(GPIO[BOARDS[board]])
    (state,) = [node for node in tree.children(gpio) if has_phandle(tree, f"{gpio}/{node}", pins)]
    assert "i2c1" in state


def has_phandle(tree: Tree, node: str, phandle: str) -> bool:
    done = subprocess.run(["fdtget", "-t", "u", tree.path, node, "phandle"], capture_output=True, text=True)
    return done.stdout.strip() == phandle


@each_board
def test_the_power_button_is_the_power_key(tmp_path: Path, board: str):
    tree = fitted(tmp_path, board, ("power-button",))
    keys = "/vigil-power-button"

    assert tree.get(keys, "compatible") == "gpio-keys"
    assert tree.get(f"{keys}/button-power", "linux,code", "u") == "116"
    gpio = tree.at(GPIO[BOARDS[board]])
    (wire,) = [wire for wire in WIRES if wire.overlay == "power-button"]
    assert tree.get(f"{keys}/button-power", "gpios", "u").split() == [
        tree.get(gpio, "phandle", "u"),
        str(wire.gpio),
        "1",
    ]
    (state,) = [node for node in tree.children(gpio) if node == "vigil-power-pins"]
    assert phandles(tree, keys, "pinctrl-0") == [tree.get(f"{gpio}/{state}", "phandle", "u")]
    assert tree.get(f"{gpio}/{state}", "pins") == f"gpio{wire.gpio}"


@each_board
@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]], ids=["forward", "backward"])
def test_all_of_them_fit_together_in_any_order(tmp_path: Path, board: str, names: tuple[str, ...]):
    tree, family = fitted(tmp_path, board, names), BOARDS[board]

    gpio = tree.at(GPIO[family])
    assert len(phandles(tree, gpio, "pinctrl-0")) == 5
    assert tree.get(f"{tree.at(I2C[family])}/rtc@68", "compatible") == "maxim,ds3231"
    assert tree.get("/vigil-power-button/button-power", "linux,code", "u") == "116"


def test_an_overlay_of_the_other_family_is_refused(tmp_path: Path):
    file = tmp_path / "panel.dtbo"
    file.write_bytes(overlay("bcm2835", "panel"))
    base = device_trees() / "bcm2712-rpi-5-b.dtb"

    done = subprocess.run(["fdtoverlay", "-i", base, "-o", tmp_path / "no.dtb", file], capture_output=True)

    assert done.returncode != 0


def test_no_two_wires_share_a_pin():
    assert len({wire.gpio for wire in WIRES}) == len({wire.pin for wire in WIRES}) == len(WIRES) == 9


def test_every_source_says_where_the_wires_are_shown():
    sources = list(SOURCES.rglob("*.dts"))
    assert len(sources) == 6

    for source in sources:
        assert "docs/guide/wiring.md" in source.read_text()
