"""
What NUT's upsd says, read word by word: pure, so that any garbage can be tried.

The protocol is that of RFC 9271: one line an answer, or lines between BEGIN
and END, values in double quotes with ``\\`` before a quote or a backslash.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from vigil.errors import FormatError, UpsLost
from vigil.events import Ups

LINE_BYTES = 1024
"""Longer lines are no upsd's: its own limit for a value is 256 (NUT, docs/net-protocol.txt and `ST_MAX_VALUE_LEN`)."""

_VARIABLE = re.compile(r'VAR ([A-Za-z0-9._-]+) ([A-Za-z0-9._-]{1,64}) "((?:[^"\\]|\\["\\])*)"')
_ERROR = re.compile(r"ERR ([A-Z0-9-]{1,32})( .*)?")
_FLAG = re.compile(r"[A-Z0-9]{1,16}")
_MOST_FLAGS = 16

TROUBLES = {
    "DATA-STALE": ("driver", "the UPS does not answer its driver: is its cable plugged in?"),
    "DRIVER-NOT-CONNECTED": ("driver", "the driver of the UPS does not run"),
    "UNKNOWN-UPS": ("refused", "there is no UPS of this name: compare ups.ups_name with what `upsc -l` lists"),
    "ACCESS-DENIED": ("refused", "upsd does not let this box in: compare ups.nut_user and ups.nut_password"),
    "INVALID-USERNAME": ("refused", "upsd does not know this user: see ups.nut_user"),
    "INVALID-PASSWORD": ("refused", "upsd does not take this password: see ups.nut_password"),
    "USERNAME-REQUIRED": ("refused", "upsd wants a user: give ups.nut_user"),
    "PASSWORD-REQUIRED": ("refused", "upsd wants a password: give ups.nut_password"),
    "TLS-NOT-ENABLED": ("refused", "upsd wants a connection that it does not offer"),
}
"""What upsd may answer instead (RFC 9271, 4.5.2), how that counts, and what it means to the owner."""


def read_line(data: bytes) -> str:
    """Return a line as text: what decides is ASCII, what a UPS calls itself may be anything. Raises `FormatError`."""
    if len(data) > LINE_BYTES:
        raise FormatError("a line without end")
    text = data.decode("utf-8", errors="replace").rstrip("\r\n")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def check_answer(line: str) -> str:
    """Return the line. Raises `UpsLost` where it says that something is amiss."""
    if found := _ERROR.fullmatch(line):
        kind, words = TROUBLES.get(found[1], ("refused", f"upsd refuses: {found[1]}"))
        raise UpsLost(kind, words)
    return line


def read_variables(lines: Iterable[str], ups: str) -> dict[str, str]:
    """Return the values by name. Raises `FormatError` for a line that says nothing of `ups`."""
    found: dict[str, str] = {}
    for line in lines:
        parts = _VARIABLE.fullmatch(line)
        if parts is None or parts[1] != ups:
            raise FormatError(f"{line[:60]!r} is no value of {ups}")
        found[parts[2]] = re.sub(r"\\(.)", r"\1", parts[3])
    return found


def reading(values: Mapping[str, str]) -> Ups:
    """Return what matters of a UPS's values. Raises `FormatError` where it is not understood, `UpsLost`."""
    flags = values.get("ups.status", "").split()
    if len(flags) > _MOST_FLAGS or not all(_FLAG.fullmatch(flag) for flag in flags):
        raise FormatError(f"ups.status is {values['ups.status'][:60]!r}")
    if "WAIT" in flags:
        raise UpsLost("driver", "the driver of the UPS has not read it yet")
    charge_pct = _number(values.get("battery.charge", ""))
    return Ups(
        status=flags,
        charge_pct=charge_pct if charge_pct <= 100 else -1.0,
        runtime_s=int(_number(values.get("battery.runtime", ""))),
        model=(values.get("ups.model") or values.get("device.model") or "").strip()[:64],
    )


def _number(text: str) -> float:
    """Return a number from 0 up; -1 for anything else, such as what some drivers give before they know."""
    try:
        number = float(text)
    except ValueError:
        return -1.0
    return number if math.isfinite(number) and 0 <= number < 1e9 else -1.0
