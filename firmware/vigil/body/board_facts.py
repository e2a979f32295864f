"""What the kernel's small files say of the board and its card; what makes no sense is not known."""

from __future__ import annotations

import re

THROTTLED = {
    0: "under-voltage",
    1: "frequency-capped",
    2: "throttled",
    3: "soft-limit",
    16: "under-voltage",
    17: "frequency-capped",
    18: "throttled",
    19: "soft-limit",
}
"""
The bits of the firmware's `get_throttled`: 0 to 3 now, 16 to 19 since somebody last asked
(raspberrypi.com, *vcgencmd*; the kernel asks every two seconds: drivers/hwmon/raspberrypi-hwmon.c).
"""

SECTOR_BYTES = 512
_WRITTEN = 6


def throttled(text: str) -> list[str]:
    """Return the flags of a hexadecimal number such as ``50005``."""
    if not re.fullmatch("[0-9a-fA-F]{1,8}", text.strip()):
        return []
    bits = int(text, 16)
    return sorted({name for bit, name in THROTTLED.items() if bits >> bit & 1})


def is_alarm(text: str) -> bool:
    """Say whether an alarm of hwmon's is on (Documentation/hwmon/sysfs-interface.rst)."""
    return text.strip() == "1"


def temperature_c(text: str) -> float | None:
    """Return degrees from a thermal zone's thousandths (Documentation/driver-api/thermal/sysfs-api.rst)."""
    if not re.fullmatch("-?[0-9]{1,6}", text.strip()):
        return None
    return int(text) / 1000


def written_bytes(stat: str) -> int | None:
    """Return what was written to a block device since the start, from its `stat` (Documentation/block/stat.rst)."""
    words = stat.split()
    return int(words[_WRITTEN]) * SECTOR_BYTES if len(words) > _WRITTEN and words[_WRITTEN].isdecimal() else None


def life_used(text: str) -> int | None:
    """
    Return how worn an eMMC says it is, in tenths of its life from 1 to 11, the worse of its two kinds of memory.

    `life_time` has two numbers: 0x01 means up to ten percent, 0x0a up to all of it, 0x0b more than that, 0x00 not
    stated (JEDEC JESD84-B51, DEVICE_LIFE_TIME_EST_TYP_A and _B; linux commit 46bc5c408e4e).
    """
    numbers = [int(word, 16) for word in text.split() if re.fullmatch("0x[0-9a-fA-F]{2}", word)]
    stated = [number for number in numbers if 1 <= number <= 11]
    return max(stated, default=None)


def spare(text: str) -> int | None:
    """Return what an eMMC says of its spare blocks: 1 normal, 2 eighty percent used, 3 nearly none (PRE_EOL_INFO)."""
    found = re.fullmatch("0x0([123])", text.strip())
    return int(found[1]) if found else None
