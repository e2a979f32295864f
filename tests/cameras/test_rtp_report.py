"""What an owner is told of a network camera's stream."""

from __future__ import annotations

import struct

import pytest

from fakes.rtp_films import GAP, opened, pushed, sent, units_of
from fakes.rtp_packets import SSRC, Sender
from vigil.cameras.rtp_report import offset_in_words, stream_facts

NOON_US = 1_767_268_800_000_000


def test_while_all_is_well_there_is_nothing_to_say():
    stream = opened()
    pushed(stream, sent(units_of(), Sender()))

    assert stream_facts(stream, steady_us=0, wall_us=NOON_US) == {}


def test_what_was_left_out_is_counted_and_the_clock_compared():
    stream, sender = opened(), Sender()
    pushed(stream, sent(units_of()[:5], sender))
    sender.skip(3)
    pushed(stream, sent(units_of()[8:], sender, first=8 * GAP))
    noon = NOON_US // 1_000_000 + 2_208_988_800
    stream.control(struct.pack(">BBHIIIIII", 0x80, 200, 6, SSRC, noon, 0, 0, 0, 0), 5_000_000)

    facts = stream_facts(stream, steady_us=6_000_000, wall_us=NOON_US + 4_500_000)

    assert facts == {"left out": "17 pictures, because 3 packets never came", "its clock": "3 s behind ours"}


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [
        (0.9, "as ours"),
        (-0.9, "as ours"),
        (1, "1 s ahead of ours"),
        (-119, "119 s behind ours"),
        (7199, "119 min ahead of ours"),
        (-172_799, "47 h behind ours"),
        (-20_000 * 86_400, "20000 days behind ours"),
    ],
)
def test_a_clock_is_compared_in_words(offset_s, words):
    assert offset_in_words(round(offset_s * 1_000_000)) == words
