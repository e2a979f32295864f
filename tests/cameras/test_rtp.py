"""Headers of packets and their numbers, and what is told beside them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rtp_packets import PAYLOAD_TYPE, SSRC, rtp
from vigil.cameras.rtcp import CameraClock, read_rtcp
from vigil.cameras.rtp import RtpReader, ahead


def header(first: int, *, more: bytes = b"", payload: bytes = b"payload") -> bytes:
    return struct.pack(">BBHII", first, 0x80 | PAYLOAD_TYPE, 7, 90_000, SSRC) + more + payload


@pytest.mark.parametrize(
    "packet",
    [
        header(0x80),
        header(0x82, more=bytes(8)),
        header(0x90, more=b"\xbe\xde\0\2" + bytes(8)),
        header(0x91, more=b"srce" + b"\xbe\xde\0\0"),
        header(0xA0, payload=b"payload\0\0\3"),
    ],
    ids=["plain", "sources", "extension", "both", "padding"],
)
def test_what_stands_around_the_payload_is_passed_over(packet):
    reader = RtpReader(PAYLOAD_TYPE)

    assert reader.read(packet)
    assert packet[reader.begin : reader.end] == b"payload"
    assert (reader.timestamp, reader.marker) == (90_000, True)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        header(0x80)[:12],
        header(0x00),
        header(0x40),
        header(0x8F),
        header(0x90, payload=b"abc"),
        header(0x90, more=b"\xbe\xde\xff\xff"),
        header(0xA0, payload=b"payload\0"),
        header(0xA0, payload=b"payload\x09"),
        rtp(b"other", 7, 0, kind=PAYLOAD_TYPE + 1),
    ],
)
def test_what_is_not_for_us_is_counted_and_nothing_else(packet):
    reader = RtpReader(PAYLOAD_TYPE)

    assert not reader.read(packet)
    assert (reader.ignored, reader.broken) == (1, False)


def numbered(*numbers: int, ssrc: int = SSRC) -> list[bytes]:
    return [rtp(b"x", number, 0, ssrc=ssrc) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "taken", "lost", "resets"),
    [
        ((65_534, 65_535, 0, 1), 4, 0, 0),
        ((1, 2, 5, 6), 4, 2, 0),
        ((65_535, 2), 2, 2, 0),
        ((1, 2, 2, 1, 3), 3, 0, 0),
        ((10_000, 13_001), 2, 3000, 0),
        ((10_000, 13_002), 2, 0, 1),
        ((10_000, 9_000, 9_001), 3, 0, 1),
    ],
)
def test_missing_packets_are_counted_by_their_numbers(numbers, taken, lost, resets):
    reader = RtpReader(PAYLOAD_TYPE)

    assert sum(reader.read(packet) for packet in numbered(*numbers)) == taken
    assert (reader.lost, reader.resets, reader.broken) == (lost, resets, bool(lost or resets))


def test_a_sender_that_calls_itself_otherwise_goes_on_if_its_numbers_do():
    reader = RtpReader(PAYLOAD_TYPE)
    assert all(reader.read(packet) for packet in [*numbered(1, 2), *numbered(3, ssrc=9)])
    assert not reader.broken

    assert reader.read(*numbered(2, ssrc=10))
    assert (reader.broken, reader.resets, reader.lost) == (True, 1, 0)


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_the_shorter_way_round_is_how_far_ahead_it_is(earlier, step):
    assert ahead((earlier + step) % 2**32, earlier) == step


@given(st.lists(st.binary(max_size=40)))
def test_garbage_is_read_within_its_bounds_or_not_at_all(packets):
    reader, taken = RtpReader(PAYLOAD_TYPE), 0
    for packet in packets:
        if reader.read(packet):
            assert 12 <= reader.begin < reader.end <= len(packet)
            taken += 1
        read_rtcp(packet)
    assert taken + reader.ignored == len(packets)


SENDER_REPORT = struct.pack(">BBHIIIIII", 0x80, 200, 6, SSRC, 2_208_988_800 + 1_767_225_600, 1 << 31, 900_000, 1, 2)
GOODBYE = struct.pack(">BBHI", 0x81, 203, 1, SSRC)
NEW_YEAR_US = 1_767_225_600_500_000


def test_a_sender_report_and_a_goodbye_are_found_among_others():
    told = read_rtcp(struct.pack(">BBHI4s", 0x81, 202, 2, SSRC, b"\1\1x\0") + SENDER_REPORT + GOODBYE)

    assert told.goodbye
    assert told.report is not None
    assert (told.report.utc_us, told.report.timestamp) == (NEW_YEAR_US, 900_000)


@pytest.mark.parametrize("cut", [3, 8, 27])
def test_what_is_cut_off_is_not_believed(cut):
    assert read_rtcp(SENDER_REPORT[:cut]).report is None


def test_a_camera_without_a_clock_has_none():
    assert read_rtcp(SENDER_REPORT[:8] + bytes(8) + SENDER_REPORT[16:]).report is None


def test_seconds_begin_anew_in_2036():
    data = SENDER_REPORT[:8] + struct.pack(">II", 100, 0) + SENDER_REPORT[16:]

    report = read_rtcp(data).report

    assert report is not None
    assert report.utc_us == 2_085_978_596_000_000  # 2036-02-07T06:29:56Z


def test_the_camera_s_clock_goes_on_between_its_reports():
    clock = CameraClock(90_000)
    assert (clock.of(0), clock.now(0)) == (None, None)

    assert clock.hear(SENDER_REPORT, 5_000_000) == read_rtcp(SENDER_REPORT)

    assert clock.of(900_000 - 45_000) == NEW_YEAR_US - 500_000
    assert clock.now(6_000_000) == NEW_YEAR_US + 1_000_000
