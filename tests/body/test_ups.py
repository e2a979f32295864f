"""Looking at the UPS while whoever listens at upsd's port misbehaves: always a reading, never an exception."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack
from functools import partial
from itertools import count

import pytest

from fakes.box import until
from fakes.nut import NoUpsd, free_port
from vigil.body.ups import Upsd, UpsWatch, connect
from vigil.clock import HandClock, SystemClock
from vigil.config.model_ups import Ups as Settings
from vigil.errors import UpsLost
from vigil.events import Ups

WHOLE = b'BEGIN LIST VAR ups\nVAR ups ups.status "OB DISCHRG"\nVAR ups battery.runtime "1800"\nEND LIST VAR ups\n'
PATIENCE_S = 0.3
"""For one answer. What is tried here does not answer at all, or at once."""


@pytest.fixture
def looking():
    with ExitStack() as closed_at_the_end:

        def looking(settings: Settings) -> UpsWatch:
            watch = UpsWatch(settings, SystemClock(), connect=partial(connect, answer_s=PATIENCE_S))
            closed_at_the_end.callback(watch.close)
            return watch

        yield looking


def answering(*answers: bytes):
    """Somebody who gives these answers, whatever is asked, and then waits until the other side has gone."""

    def behave(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(4096)
            connection.sendall(answer)
        while connection.recv(4096):
            pass

    return behave


def hang(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def close_at_once(connection: socket.socket) -> None:
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    # A letter at a time, without an end of the line, for as long as somebody listens.
    tick = threading.Event()
    while True:
        connection.sendall(b"B")
        tick.wait(0.02)


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 65536)


def flood_of_lines(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"BEGIN LIST VAR ups\n")
    for number in count():
        connection.sendall(b'VAR ups a.%d "x"\n' % number)


def test_an_answer_that_is_whole_is_read(looking):
    with NoUpsd(answering(WHOLE)) as there:
        assert looking(there.settings).look() == Ups(status=["OB", "DISCHRG"], runtime_s=1800)


@pytest.mark.parametrize("length", range(1, len(WHOLE) - 1, 7))
def test_an_answer_that_is_cut_off_anywhere_is_never_taken_for_a_whole_one(looking, length):
    with NoUpsd(answering(WHOLE[:length])) as there:
        look = looking(there.settings).look()

    assert look.trouble == "silent" and look.runtime_s == -1 and not look.status


@pytest.mark.parametrize(
    ("behave", "trouble"),
    [
        (hang, "silent"),
        (close_at_once, "silent"),
        (drip, "silent"),
        (flood, "garbage"),
        (flood_of_lines, "garbage"),
        (answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "garbage"),
        (answering(b"\xff\xfb\x01\xff\xfd\x03\n"), "garbage"),
        (answering(b"BEGIN LIST VAR other\n"), "garbage"),
        (answering(b"BEGIN LIST VAR ups\nVAR ups ups.status\nEND LIST VAR ups\n"), "garbage"),
        (answering(b"BEGIN LIST VAR ups\n\x00\x00\nEND LIST VAR ups\n"), "garbage"),
        (answering(b"ERR DATA-STALE\n"), "driver"),
        (answering(b"ERR DRIVER-NOT-CONNECTED\n"), "driver"),
        (answering(b"ERR UNKNOWN-UPS\n"), "refused"),
        (answering(b"ERR ACCESS-DENIED\n"), "refused"),
    ],
)
def test_whatever_is_wrong_is_a_reading_that_says_so(looking, behave, trouble):
    with NoUpsd(behave) as there:
        watch = looking(there.settings)
        looks = [watch.look(), watch.look()]

    assert [look.trouble for look in looks] == [trouble, trouble]
    assert all(look.words and look.words.isprintable() and len(look.words) <= 200 for look in looks)


def test_who_hangs_up_is_not_waited_for(looking):
    with NoUpsd(lambda connection: connection.recv(4096)) as there:
        assert looking(there.settings).look().words == "upsd closed the connection"


def test_an_answer_is_not_waited_for_once_its_time_is_up():
    class Leaping(HandClock):
        def steady_us(self) -> int:
            self.forward_us(3_000_000)
            return super().steady_us()

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(WHOLE[:30])
        with pytest.raises(UpsLost, match="takes too long"):
            Upsd(ours, Leaping()).look("ups")


def test_nobody_there_is_a_reading_too(looking):
    look = looking(Settings(enabled=True, nut_port=free_port())).look()

    assert look.trouble == "silent" and "refused" in look.words


def test_a_name_that_nobody_knows_is_a_reading_too(looking):
    look = looking(Settings(enabled=True, nut_host=".".join(["x" * 64] * 3))).look()

    assert look.trouble == "silent"


def test_who_comes_back_is_read_again(looking):
    answers = iter([b"ERR DATA-STALE\n", WHOLE])

    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(next(answers))

    with NoUpsd(behave) as there:
        watch = looking(there.settings)

        assert [watch.look().trouble, watch.look().trouble] == ["driver", ""]


def test_what_comes_late_is_not_taken_for_the_next_answer(looking):
    with NoUpsd(answering(WHOLE + b'VAR ups ups.status "OL"\n', WHOLE)) as there:
        watch = looking(there.settings)

        assert [watch.look().status, watch.look().status] == [["OB", "DISCHRG"]] * 2


def test_a_user_is_signed_in_first_and_a_refusal_of_him_is_told(looking):
    asked: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        for answer in (b"OK\n", b"OK\n", b"ERR ACCESS-DENIED\n"):
            asked.append(connection.recv(4096))
            connection.sendall(answer)

    with NoUpsd(behave) as there:
        settings = Settings(enabled=True, nut_port=there.settings.nut_port, nut_user="vigil", nut_password="s3cret")
        look = looking(settings).look()

    assert asked == [b"USERNAME vigil\n", b"PASSWORD s3cret\n", b"LOGIN ups\n"]
    assert look.trouble == "refused" and "ups.nut_password" in look.words


def test_a_password_is_never_logged(looking, caplog):
    caplog.set_level(logging.DEBUG)

    with NoUpsd(answering(b"ERR INVALID-PASSWORD\n")) as there:
        settings = Settings(enabled=True, nut_port=there.settings.nut_port, nut_user="vigil", nut_password="s3cret")
        looking(settings).look()

    assert caplog.text and "s3cret" not in caplog.text


def test_it_is_watched_by_a_thread_that_a_hanging_upsd_keeps_and_nobody_else(looking):
    stop = threading.Event()

    with NoUpsd(hang) as there:
        watch = looking(there.settings)
        thread = watch.start(stop)
        assert watch.taken() == [], "nobody waited for it"
        seen: list[Ups] = []

        def has_seen() -> bool:
            seen.extend(watch.taken())
            return bool(seen)

        until(has_seen)
        stop.set()
        thread.join()

    assert seen[0].trouble == "silent" and watch.taken() == []
