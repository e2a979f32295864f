"""What the kernel's files say of board and card, as they were seen on boards, and as no board writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.body import board_facts
from vigil.body.board import BoardSense
from vigil.events import Board

FILES = {
    "class/hwmon/hwmon0/name": "cpu_thermal\n",
    "class/hwmon/hwmon1/name": "rpi_volt\n",
    "class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "class/thermal/thermal_zone0/temp": "48312\n",
    "devices/platform/soc/soc:firmware/get_throttled": "0\n",
    "block/mmcblk0/stat": "    9 1 2 3  4 5 2000 7 0 8 9 0 0 0 0 1 2\n",
    "block/mmcblk0/device/cid": "035344534c313238801234567800f5cd\n",
}


@pytest.fixture
def system(tmp_path):
    """A tree such as the kernel of a Pi 3 shows."""
    for name, text in FILES.items():
        put(tmp_path, name, text)
    return tmp_path


def put(system: Path, name: str, text: str) -> None:
    (system / name).parent.mkdir(parents=True, exist_ok=True)
    (system / name).write_text(text)


def test_a_board_that_is_well():
    assert board_facts.throttled("0\n") == []


def test_what_a_look_tells(system):
    assert BoardSense("b0", system=system).look() == Board(
        temperature_c=48.312, boot="b0", card="035344534c313238801234567800f5cd", written_bytes=2000 * 512
    )


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("50000", ["throttled", "under-voltage"]),
        ("50005\n", ["throttled", "under-voltage"]),
        ("1", ["under-voltage"]),
        ("80008", ["soft-limit"]),
        ("e0002", ["frequency-capped", "soft-limit", "throttled"]),
        ("fffffff0", ["frequency-capped", "soft-limit", "throttled", "under-voltage"]),
        ("", []),
        ("throttled=0x0", []),
        ("-1", []),
        ("123456789", []),
    ],
)
def test_the_bits_of_the_firmware(text, flags):
    assert board_facts.throttled(text) == flags


def test_either_file_tells_of_too_little_voltage(system):
    put(system, "class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert BoardSense("b0", system=system).look().flags == ["under-voltage"]

    put(system, "class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    put(system, "devices/platform/soc/soc:firmware/get_throttled", "10000\n")
    assert BoardSense("b0", system=system).look().flags == ["under-voltage"]


def test_an_emmc_tells_how_worn_it_is(system):
    put(system, "block/mmcblk0/device/life_time", "0x01 0x03\n")
    put(system, "block/mmcblk0/device/pre_eol_info", "0x02\n")

    look = BoardSense("b0", system=system).look()

    assert (look.life_used, look.spare) == (3, 2)


@pytest.mark.parametrize(
    ("text", "used"), [("0x00 0x00", None), ("0x0b 0x01", 11), ("0x0c", None), ("", None), ("7", None), ("0x01", 1)]
)
def test_a_life_that_is_not_stated_is_not_known(text, used):
    assert board_facts.life_used(text) == used


def test_a_machine_that_is_no_pi_tells_nothing(tmp_path):
    assert BoardSense("b0", system=tmp_path).look() == Board(boot="b0")


@given(st.text(max_size=40))
def test_noise_is_not_known(noise):
    board_facts.throttled(noise), board_facts.is_alarm(noise), board_facts.spare(noise)

    assert board_facts.temperature_c(noise) is None or noise.strip().lstrip("-").isdecimal()
    assert board_facts.life_used(noise) is None or "0x" in noise
    assert board_facts.written_bytes(noise) is None or len(noise.split()) > 6
