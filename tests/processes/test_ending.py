"""Being asked to end."""

from __future__ import annotations

import signal

import pytest

from vigil.processes.ending import ASKED, set_when_asked


@pytest.fixture(autouse=True)
def _as_before():
    before = {number: signal.getsignal(number) for number in (*ASKED, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ASKED)
def test_who_is_asked_to_end_knows_it(number):
    stop = set_when_asked()
    assert not stop.is_set()

    signal.raise_signal(number)

    assert stop.is_set()


def test_a_closed_terminal_ends_only_who_wants_that():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = set_when_asked()
    signal.raise_signal(signal.SIGHUP)
    assert not stop.is_set()

    stop = set_when_asked(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)
    assert stop.is_set()


def test_who_sleeps_is_woken_and_finds_it_set():
    found = []
    stop = set_when_asked(wake=lambda: found.append(stop.is_set()))
    signal.raise_signal(signal.SIGTERM)

    assert found == [True]
