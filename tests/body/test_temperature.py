"""What thermometers write into their files, and what is none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.body.temperature import Thermometer, celsius, find
from vigil.errors import DeviceError

NUMBER = "28-0316a2795bff"
TWO_LINES = "{crc} : crc=5a {verdict}\n4b 46 7f ff 0c 10 5a t={value}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("23125\n", 23.125),
        ("-1062\n", -1.062),
        ("0", 0.0),
        (TWO_LINES.format(crc="4b 46", verdict="YES", value=-500), -0.5),
    ],
)
def test_both_forms_of_the_kernel_are_read(text, value):
    assert celsius(NUMBER, text, first=True) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "warm",
        "23.1",
        "999999999999",
        "-200000",
        "400000",
        TWO_LINES.format(crc="ff", verdict="NO", value=23000),
        "1\n2\n3",
    ],
)  # fmt: skip
def test_what_is_no_temperature_is_told_in_a_short_sentence(text):
    with pytest.raises(DeviceError) as caught:
        celsius(NUMBER, text, first=False)
    assert NUMBER in str(caught.value) and len(str(caught.value)) < 120


def test_85_degrees_are_not_believed_of_one_that_has_just_begun():
    with pytest.raises(DeviceError, match="measured nothing yet"):
        celsius(NUMBER, "85000", first=True)
    assert celsius(NUMBER, "85000", first=False) == 85.0
    assert celsius("cpu_thermal", "85000", first=True) == 85.0


def board(root: Path) -> Path:
    """A /sys with two chips and one 1-wire thermometer."""
    for number, name in enumerate(["rpi_volt", "cpu_thermal"]):
        place = root / f"class/hwmon/hwmon{number}"
        place.mkdir(parents=True)
        (place / "name").write_text(f"{name}\n")
        (place / "temp1_input").write_text("48312\n")
    wire = root / f"bus/w1/devices/{NUMBER}"
    wire.mkdir(parents=True)
    (wire / "w1_slave").write_text(TWO_LINES.format(crc="4b 46", verdict="YES", value=21500))
    return root


def test_a_thermometer_is_found_by_its_number_or_its_name(tmp_path):
    sys = board(tmp_path)

    assert find(NUMBER, sys).name == "w1_slave"
    assert find("cpu_thermal", sys).parent.name == "hwmon1"
    assert Thermometer(NUMBER, sys).read() == 21.5
    (sys / f"bus/w1/devices/{NUMBER}/temperature").write_text("22000\n")
    assert Thermometer(NUMBER, sys).read() == 22.0


def test_one_that_is_not_there_says_where_to_look(tmp_path):
    with pytest.raises(DeviceError, match="look at its wires"):
        Thermometer("28-ffffffffffff", board(tmp_path)).read()
    with pytest.raises(DeviceError, match="no hwmon of this board is called attic"):
        Thermometer("attic", tmp_path).read()


def test_one_that_goes_away_while_it_is_read_begins_anew(tmp_path):
    texts = ["21000", OSError(5, "Input/output error"), "85000", "21000"]

    def read(_path: Path) -> str:
        text = texts.pop(0)
        if isinstance(text, OSError):
            raise text
        return str(text)

    one = Thermometer(NUMBER, board(tmp_path), read)

    assert one.read() == 21.0
    with pytest.raises(DeviceError, match="does not answer: Input/output error"):
        one.read()
    with pytest.raises(DeviceError, match="measured nothing yet"):
        one.read()
    assert one.read() == 21.0
