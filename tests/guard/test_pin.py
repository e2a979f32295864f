"""Guessing a PIN: slowed down for each client, bounded for all strangers of a route, harmless for everybody else."""

from __future__ import annotations

from vigil.guard.pin import FREE_TRIES, LONGEST_WAIT_US, STRANGERS_AN_HOUR, Lockout

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US


def guess(lockout: Lockout, client: str, now_us: int, *, route: str = "page") -> bool:
    """Try a wrong PIN; say whether that was allowed."""
    if lockout.refusal(client, route, now_us):
        return False
    lockout.wrong(client, route, now_us)
    return True


def test_three_wrong_ones_are_free_and_then_one_waits_twice_as_long_each_time():
    lockout, now_us, waits = Lockout(), 0, []
    assert [lockout.wrong("me", "page", now_us) for _ in range(FREE_TRIES)] == [False, False, True]
    for _ in range(4):
        assert lockout.refusal("me", "page", now_us).startswith("too many wrong PINs from here: wait")
        began_us = now_us
        while lockout.refusal("me", "page", now_us):
            now_us += SECOND_US
        waits.append((now_us - began_us) // SECOND_US)
        lockout.wrong("me", "page", now_us)

    assert waits == [30, 60, 120, 240]


def test_nobody_waits_for_longer_than_an_hour():
    lockout = Lockout()
    for _ in range(60):
        lockout.wrong("me", "page", 0)

    assert lockout.refusal("me", "page", LONGEST_WAIT_US - 1)
    assert "from here" not in lockout.refusal("me", "page", LONGEST_WAIT_US)


def test_the_right_one_begins_anew():
    lockout = Lockout()
    lockout.wrong("me", "page", 0)
    lockout.wrong("me", "page", 0)
    lockout.right("me", "page")

    assert not lockout.wrong("me", "page", 0)


def test_somebody_elses_guesses_and_another_way_in_are_no_business_of_mine():
    lockout = Lockout()
    while guess(lockout, "thief", 0):
        pass

    assert lockout.refusal("thief", "page", 0)
    assert lockout.refusal("me", "page", 0) == ""
    assert lockout.refusal("thief", "keypad", 0) == ""


def test_a_thief_with_many_addresses_gets_no_more_guesses_than_one():
    lockout = Lockout()

    allowed = sum(guess(lockout, f"10.0.{number >> 8}.{number & 255}", number) for number in range(5000))

    assert allowed == STRANGERS_AN_HOUR
    assert "use another" in lockout.refusal("10.9.9.9", "page", 0)
    assert lockout.refusal("10.9.9.9", "keypad", 0) == ""
    assert lockout.refusal("10.9.9.9", "page", HOUR_US + 5000) == ""


def test_who_was_right_before_is_not_shut_out_by_strangers():
    lockout = Lockout()
    lockout.right("owner", "page")
    for number in range(5000):
        guess(lockout, f"client {number}", number)

    assert lockout.refusal("owner", "page", 5000) == ""
    assert lockout.wrong("owner", "page", 5000) is False


def test_invented_clients_cost_no_memory():
    lockout = Lockout()
    for number in range(5000):
        lockout.wrong(f"client {number}", f"route {number % 3}", number)

    assert len(lockout._tries) <= 500 and all(len(one) <= STRANGERS_AN_HOUR for one in lockout._strangers.values())
