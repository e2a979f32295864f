"""Thermometers: those of the 1-wire bus, and those of the board that the kernel calls hwmon."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from vigil.errors import DeviceError

W1 = "bus/w1/devices"
HWMON = "class/hwmon"

_W1_NUMBER = re.compile("[0-9a-f]{2}-[0-9a-f]{12}")
_COLDEST_C, _HOTTEST_C = -60.0, 160.0
_UNREAD_C = 85.0
"""What a DS18B20 says that has lost its power and measured nothing since (its data sheet, *Operation*)."""


def find(name: str, sys: Path = Path("/sys")) -> Path:
    """Return the file of the thermometer `name` (a 1-wire number, or a hwmon's name). Raises `DeviceError`."""
    if _W1_NUMBER.fullmatch(name):
        place = sys / W1 / name
        for file in (place / "temperature", place / "w1_slave"):
            if file.exists():
                return file
        raise DeviceError(f"there is no thermometer {name} on the 1-wire bus: look at its wires")
    for place in sorted((sys / HWMON).glob("hwmon*")):
        file = place / "temp1_input"
        if _word(place / "name") == name and file.exists():
            return file
    raise DeviceError(f"no hwmon of this board is called {name}: `cat /sys/class/hwmon/*/name` says which there are")


def celsius(name: str, text: str, *, first: bool) -> float:
    """
    Return what the file of a thermometer says, in degrees Celsius. Raises `DeviceError`.

    `first` is the first word of it: 85 °C of a 1-wire thermometer is then not
    believed, for that is what one says that has measured nothing yet.
    """
    found = re.fullmatch(r"(-?\d{1,7})", text.strip()) or _of_two_lines(text)
    if not found:
        raise DeviceError(f"thermometer {name} says {text.strip()[:40]!r}, which is no temperature")
    value = int(found[1]) / 1000
    if not _COLDEST_C <= value <= _HOTTEST_C:
        raise DeviceError(f"thermometer {name} says {value:g} °C, which cannot be")
    if first and value == _UNREAD_C and _W1_NUMBER.fullmatch(name):
        raise DeviceError(f"thermometer {name} has measured nothing yet")
    return value


def _of_two_lines(text: str) -> re.Match[str] | None:
    """Read `w1_slave`: the bytes with their checksum's verdict, then the temperature."""
    lines = text.strip().splitlines()
    if len(lines) != 2 or not lines[0].endswith("YES"):
        return None
    return re.search(r"\bt=(-?\d{1,7})$", lines[1])


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


class Thermometer:
    """One thermometer; `read_text` reads a file, and may take a second: the 1-wire bus is slow."""

    def __init__(self, name: str, sys: Path = Path("/sys"), read_text: Callable[[Path], str] | None = None) -> None:
        self._name = name
        self._sys = sys
        self._read_text = read_text or _read_text
        self._first = True

    def read(self) -> float:
        """Return the temperature now, in degrees Celsius. Raises `DeviceError`."""
        file = find(self._name, self._sys)
        try:
            text = self._read_text(file)
        except OSError as error:
            self._first = True
            raise DeviceError(f"thermometer {self._name} does not answer: {error.strerror}") from error
        found = celsius(self._name, text, first=self._first)
        self._first = False
        return found


def _read_text(path: Path) -> str:
    return path.read_text(encoding="ascii", errors="replace")
