"""What a camera tells beside the pictures: RTCP (RFC 3550, 6). Its own clock is in it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vigil.cameras.rtp import ahead

_SENDER_REPORT, _GOODBYE = 200, 203
_REPORT = struct.Struct(">III")

_NTP_TO_UNIX_S = 2_208_988_800
_ERA_S = 1 << 32


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The camera's clock showed `utc_us` when media time was `timestamp` (RTP ticks)."""

    utc_us: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one compound packet said: the last sender report in it, and whether the sender says goodbye."""

    report: SenderReport | None = None
    goodbye: bool = False


def read_rtcp(packet: bytes) -> Told:
    """Read a compound packet as far as it can be read; what is not understood is passed over."""
    report, goodbye, at = None, False, 0
    while at + 4 <= len(packet) and packet[at] >> 6 == 2:
        end = at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        if end > len(packet):
            break
        if packet[at + 1] == _SENDER_REPORT and end - at >= 28:
            report = _sender_report(packet, at + 4) or report
        goodbye = goodbye or packet[at + 1] == _GOODBYE
        at = end
    return Told(report, goodbye)


def _sender_report(packet: bytes, at: int) -> SenderReport | None:
    seconds, fraction, timestamp = _REPORT.unpack_from(packet, at + 4)
    if not seconds and not fraction:
        return None  # "No wallclock time" (6.4.1).
    # The seconds since 1900 start again in 2036; none of our cameras is older than 1968.
    unix_s = seconds + (0 if seconds >> 31 else _ERA_S) - _NTP_TO_UNIX_S
    return SenderReport(unix_s * 1_000_000 + (fraction * 1_000_000 >> 32), timestamp)


class CameraClock:
    """
    The camera's clock, as its sender reports tell it. `rate` is the number of RTP ticks in a second.

    `began` is the timestamp at which the camera said that it would begin to
    play (RTP-Info, RFC 2326, 12.33), if it did.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._at_us = 0
        self.report: SenderReport | None = None
        self.began: int | None = None

    def hear(self, packet: bytes | memoryview, at_us: int) -> Told:
        """Take an RTCP packet that came at `at_us` of our steady clock; return what it said."""
        told = read_rtcp(bytes(packet))
        if told.report is not None:
            self.report, self._at_us = told.report, at_us
        return told

    def of(self, timestamp: int) -> int | None:
        """Return what the camera's clock showed at an RTP timestamp: UTC microseconds, None while it never said."""
        if self.report is None:
            return None
        return self.report.utc_us + ahead(timestamp, self.report.timestamp) * 1_000_000 // self._rate

    def played_us(self, timestamp: int) -> int | None:
        """Return how long the camera had been playing at an RTP timestamp; None where it did not say when it began."""
        return None if self.began is None else ahead(timestamp, self.began) * 1_000_000 // self._rate

    def now(self, steady_us: int) -> int | None:
        """Return what the camera's clock shows now, on its way to us left out of account; None while it never said."""
        return None if self.report is None else self.report.utc_us + steady_us - self._at_us
