"""Sleeping until there is something to do."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from vigil.processes.wake import Wake

LONG_S = 60.0


@pytest.fixture
def wake():
    made = Wake()
    yield made
    made.close()


def slept_s(wake: Wake, *sockets: int, timeout_s: float = LONG_S, deaf_s: float = 0.0) -> float:
    began = time.monotonic()
    wake.wait(sockets, timeout_s, deaf_s=deaf_s)
    return time.monotonic() - began


def test_a_poke_from_before_ends_the_next_wait_at_once_and_only_that(wake):
    wake.poke()
    wake.poke()

    assert slept_s(wake) < LONG_S
    assert slept_s(wake, timeout_s=0.05) >= 0.05


def test_a_poke_from_another_thread_ends_the_wait(wake):
    waker = threading.Timer(0.05, wake.poke)
    waker.start()

    assert slept_s(wake) < LONG_S
    waker.join()


def test_a_word_from_outside_ends_the_wait_and_one_who_is_away_does_not(wake):
    here, there = socket.socketpair()
    with here, there:
        there.send(b"x")

        assert slept_s(wake, -1, here.fileno()) < LONG_S
    assert slept_s(wake, -1, timeout_s=0.05) >= 0.05


def test_it_says_who_spoke(wake):
    (here, there), (quiet, _other) = pairs = socket.socketpair(), socket.socketpair()
    try:
        there.send(b"x")
        wake.poke()

        assert wake.wait([-1, here.fileno(), quiet.fileno()], LONG_S) == {here.fileno()}
        assert wake.wait([quiet.fileno()], 0.0) == set(), "a poke is nobody's word"
    finally:
        for one in (*pairs[0], *pairs[1]):
            one.close()


def test_pokes_are_answered_together_when_their_time_has_come(wake):
    wake.poke()

    assert slept_s(wake, deaf_s=0.2) >= 0.2
    assert slept_s(wake, timeout_s=0.05) >= 0.05, "that poke was answered"


def test_a_word_from_outside_is_answered_even_then(wake):
    here, there = socket.socketpair()
    with here, there:
        there.send(b"x")
        wake.poke()

        assert slept_s(wake, here.fileno(), deaf_s=LONG_S) < LONG_S


def test_a_million_pokes_block_nobody(wake):
    for _ in range(1000):
        os.eventfd_write(wake._poked, (1 << 64) // 1000 - 1)
    wake.poke()
    wake.poke()

    assert slept_s(wake) < LONG_S
