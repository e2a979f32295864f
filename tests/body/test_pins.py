"""The header: lines that are read and driven on gpiozero's own model, and how a board is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.body.panel import Panel
from vigil.body.pins import is_wired, on_board, simulated
from vigil.config.model_panel import Button, Lamps
from vigil.errors import DeviceError


@pytest.fixture
def pins():
    pins = simulated()
    yield pins
    pins.close()


def panel(pins, button=None, lamps=None):
    edges: list[bool] = []
    return Panel(pins, button or Button(), lamps or Lamps(siren_gpio=5), moved=edges.append), edges


def test_a_button_to_ground_is_pressed_when_its_line_is_low(pins):
    made, edges = panel(pins)
    assert not made.pressed

    pins.touch(17, high=False)
    assert made.pressed
    pins.touch(17, high=True)

    assert edges == [True, False]
    assert made.faults == {}


def test_a_button_to_the_supply_is_pressed_when_its_line_is_high(pins):
    made, edges = panel(pins, Button(gpio=6, pressed="high"))
    assert not made.pressed

    pins.touch(6, high=True)

    assert made.pressed and edges == [True]


def test_lamps_are_dark_at_first_and_as_bright_as_they_are_set(pins):
    made, _ = panel(pins)
    assert [pins.lit(gpio) for gpio in (22, 27, 23, 5)] == [0, 0, 0, 0]

    for name, level in (("status", 0.3), ("arm", 1.0), ("fault", 0.0), ("siren", 1.0)):
        made.show(name, level)

    assert [pins.lit(gpio) for gpio in (22, 27, 23, 5)] == [pytest.approx(0.3), 1, 0, 1]
    assert made.levels() == {"status": 0.3, "arm": 1.0, "fault": 0.0, "siren": 1.0}
    made.show("status", 1.0)
    made.show("status", 0.0)
    assert pins.lit(22) == 0


def test_what_is_not_wired_is_passed_over(pins):
    made, _ = panel(pins, Button(gpio=0), Lamps(status_gpio=0))

    made.show("status", 1.0)
    made.show("siren", 1.0)

    assert not made.pressed and made.faults == {}


def test_a_line_that_cannot_be_used_costs_itself_alone(pins):
    pins.output(27)  # somebody else drives the arm lamp's line already, and the button's is none that can be pressed

    made, _ = panel(pins, Button(gpio=2, pressed="high"))
    made.show("arm", 1.0)

    assert list(made.faults) == ["button"]
    assert "GPIO2" in made.faults["button"]
    assert pins.lit(27) == 1


def test_a_machine_without_a_header_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LG_WD", str(tmp_path))

    with pytest.raises(DeviceError, match=r"header|lgpio"):
        on_board(tmp_path)


def test_a_board_is_wired_where_its_device_tree_says_so(tmp_path: Path):
    (tmp_path / "soc" / "gpio@7e200000" / "uart0-pins").mkdir(parents=True)
    assert not is_wired(tmp_path)

    (tmp_path / "soc" / "gpio@7e200000" / "vigil-button-pins").mkdir()
    assert is_wired(tmp_path)


def test_the_overlays_have_the_node_that_tells_a_wired_board():
    from fakes.repository import ROOT
    from vigil.body.pins import WIRED

    for path in sorted((ROOT / "overlays").glob("*/panel.dts")):
        assert f"{WIRED} {{" in path.read_text(encoding="utf-8")
