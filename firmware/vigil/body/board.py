"""The board looks after itself: its supply, its temperature, and what its card has been through, read below /sys."""

from __future__ import annotations

from pathlib import Path

from vigil.body import board_facts
from vigil.events import Board

_THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
"""Raspberry Pi's own kernel has it; it says so once in its log that it is deprecated, but it alone tells of heat."""


class BoardSense:
    """Reads a few small files of the kernel's, which wait for nothing. `boot` names this start of the box."""

    def __init__(self, boot: str, *, card: str = "mmcblk0", system: Path = Path("/sys")) -> None:
        self._boot = boot
        self._card = system / "block" / card
        self._throttled = system / _THROTTLED
        # Which number a driver gets is decided anew at each start.
        self._voltage = next(
            (path.parent / "in0_lcrit_alarm" for path in sorted((system / "class/hwmon").glob("hwmon*/name"))
             if _read(path).strip() == "rpi_volt"), None,
        )  # fmt: skip
        self._temperature = next(
            (path.parent / "temp" for path in sorted((system / "class/thermal").glob("thermal_zone*/type"))
             if _read(path).strip() in ("cpu-thermal", "cpu_thermal")), None,
        )  # fmt: skip

    def look(self) -> Board:
        """Look once. To be called every two seconds: the kernel forgets an under-voltage after so long."""
        flags = set(board_facts.throttled(_read(self._throttled)))
        if self._voltage and board_facts.is_alarm(_read(self._voltage)):
            flags.add("under-voltage")
        degrees = board_facts.temperature_c(_read(self._temperature)) if self._temperature else None
        written = board_facts.written_bytes(_read(self._card / "stat"))
        device = self._card / "device"
        return Board(
            flags=sorted(flags),
            temperature_c=-273.0 if degrees is None else degrees,
            boot=self._boot,
            card=_read(device / "cid").strip()[:32],
            written_bytes=-1 if written is None else written,
            life_used=board_facts.life_used(_read(device / "life_time")) or -1,
            spare=board_facts.spare(_read(device / "pre_eol_info")) or -1,
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")[:4096]
    except OSError:
        # A board that has none, or a driver that is gone.
        return ""
