"""The pre-roll ring."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.packets import picture, sound, stream
from vigil.frames.packet import Packet
from vigil.frames.ring import Ring

SECOND_US = 1_000_000


@dataclass
class Arrivals:
    """Any stream in order of arrival: uneven, in bursts, with sound, with or without keyframes."""

    drawn: list[tuple[int, int, str]]
    packets: list[Packet] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        at_us, self.packets = 0, []
        for wait_us, size_bytes, kind in self.drawn:
            at_us += wait_us
            self.packets.append(
                sound(at_us, size_bytes=size_bytes)
                if kind == "s"
                else picture(at_us, key=kind == "k", size_bytes=size_bytes)
            )


WAITS_US = st.sampled_from([0, 1, 40_000, 200_000, 3_000_000])
SPANS_S = st.sampled_from([0.0, 0.04, 0.2, 1.0, 3.0, 6.0])
STREAMS = st.lists(st.tuples(WAITS_US, st.integers(0, 50), st.sampled_from("kkpps")), min_size=1, max_size=60).map(
    lambda drawn: Arrivals(drawn).packets
)


def first_key(packets: list[Packet]) -> int:
    return next((n for n, p in enumerate(packets) if p.key and not p.audio), len(packets))


@given(STREAMS, SPANS_S)
def test_with_room_it_holds_the_span_whole_from_a_keyframe_and_no_group_more(
    packets: list[Packet], span_s: float
) -> None:
    ring = Ring(span_s=span_s, limit_bytes=1 << 30)
    for packet in packets:
        ring.push(packet)

    held = ring.since(-1)
    playable = packets[first_key(packets) :]
    assert held == playable[len(playable) - len(held) :]
    if not playable:
        return
    edge_us = packets[-1].at_us - round(span_s * 1e6)
    keys = [p for p in playable if p.key and not p.audio]
    last_before = max((n for n, p in enumerate(keys) if p.at_us <= edge_us), default=0)
    assert held[0] is keys[last_before]
    assert ring.held_s == (packets[-1].at_us - held[0].at_us) / 1e6
    assert not ring.squeezed
    assert ring.size_bytes == sum(len(p.data) for p in held)


@given(STREAMS, SPANS_S, st.integers(0, 400))
def test_it_never_holds_more_bytes_than_allowed_and_says_when_that_made_it_short(
    packets: list[Packet], span_s: float, limit_bytes: int
) -> None:
    roomy, ring = Ring(span_s=span_s, limit_bytes=1 << 30), Ring(span_s=span_s, limit_bytes=limit_bytes)
    for packet in packets:
        roomy.push(packet)
        ring.push(packet)

        held, could = ring.since(-1), roomy.since(-1)
        assert sum(len(p.data) for p in held) == ring.size_bytes <= limit_bytes
        assert held == could[len(could) - len(held) :]
        assert not held or (held[0].key and not held[0].audio)
        assert ring.squeezed or len(held) == len(could)


def test_a_ring_that_was_squeezed_says_so_until_it_holds_its_span_again() -> None:
    ring = Ring(span_s=4, limit_bytes=1000)
    for packet in stream(seconds=10, size_bytes=30):
        ring.push(packet)
    assert ring.squeezed
    assert ring.held_s < 4

    for packet in stream(seconds=10, size_bytes=1, start_us=10 * SECOND_US):
        ring.push(packet)
    assert not ring.squeezed
    assert ring.held_s >= 4


def test_a_group_that_does_not_fit_alone_is_given_up_until_the_next_keyframe() -> None:
    ring = Ring(span_s=4, limit_bytes=100)
    for packet in stream(seconds=1, keyframe_every=10, size_bytes=11):
        ring.push(packet)
    assert ring.since(0) == []
    assert (ring.held_s, ring.size_bytes, ring.squeezed) == (0.0, 0, True)

    ring.push(key := picture(SECOND_US, key=True))
    assert ring.since(0) == [key]


def test_since_goes_back_to_the_keyframe_before_the_moment() -> None:
    ring = Ring(span_s=60, limit_bytes=1 << 20)
    packets = list(stream(seconds=10, keyframe_every=20))
    for packet in packets:
        ring.push(packet)

    assert ring.since(4_100_000) == packets[40:]
    assert ring.since(4_000_000) == packets[40:]
    assert ring.since(3_999_999) == packets[20:]
    assert ring.since(-SECOND_US) == packets


def test_a_cleared_ring_waits_for_a_keyframe() -> None:
    ring = Ring(span_s=5, limit_bytes=1 << 20)
    for packet in stream(seconds=3):
        ring.push(packet)
    ring.clear()

    ring.push(picture(3 * SECOND_US))
    ring.push(sound(3 * SECOND_US))
    assert ring.since(0) == []
    assert ring.held_s == 0.0


def test_a_negative_span_is_refused() -> None:
    with pytest.raises(ValueError, match="give numbers from 0 up"):
        Ring(span_s=-1, limit_bytes=10)


def test_ring_and_take_import_nothing_heavy() -> None:
    code = "import sys, vigil.frames.take; print([m for m in ('numpy', 'cv2', 'av') if m in sys.modules])"
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
