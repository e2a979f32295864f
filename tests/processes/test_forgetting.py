"""Forgetting: what is ordered deleted and still there is not replaced by something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fakes.forgetting import MINUTE_US, Book, forgetting_of, minutes
from vigil.clock import HandClock
from vigil.processes.forgetting import Forgetting


def due(made: Forgetting, book: Book, *, now_us: int = 0, days_count: bool = False) -> list[int]:
    return [one.segment for one in made.due(now_us=now_us, days_count=days_count, enter=book.enter)]


def test_what_is_decided_is_entered_once_for_each_camera_and_reason(tmp_path):
    book, clock = Book(), HandClock()
    segments = [*minutes(30), *minutes(30, camera="yard")]
    made, _ = forgetting_of(tmp_path, clock, segments, maximum_bytes=50_000_000, keep_days=1)

    orders = due(made, book, now_us=86_400_000_000 + 5 * MINUTE_US + 1, days_count=True)

    assert [(one["kind"], one["camera"], one["segments"], one["why"]) for one in book.entries] == [
        ("deletion.decided", "gate", [[1, 4]], "older than the days to keep"),
        ("deletion.decided", "yard", [[1, 4]], "older than the days to keep"),
        ("deletion.decided", "gate", [[5, 7]], "recordings took more room than allowed"),
        ("deletion.decided", "yard", [[5, 6]], "recordings took more room than allowed"),
    ]
    assert len(orders) == 13
    assert book.entries[0]["bytes"] == 4_000_000
    clock.sleep(61)
    assert len(due(made, book, now_us=86_400_000_000 + 5 * MINUTE_US + 1, days_count=True)) == 13, "nobody obeyed"
    seen = [
        (one["camera"], n) for one in book.entries for first, last in one["segments"] for n in range(first, last + 1)
    ]
    assert len(set(seen)) == len(seen), "that it was decided was said already"


def test_without_a_journal_nothing_goes_by_days_or_limits(tmp_path):
    book, clock = Book(), HandClock()
    book.refuses = True
    made, _ = forgetting_of(tmp_path, clock, minutes(30), maximum_bytes=10_000_000, keep_days=1)
    for _ in range(9):
        assert due(made, book, now_us=10**15, days_count=True) == []
        clock.sleep(10)

    book.refuses = False
    assert len(due(made, book, now_us=10**15, days_count=True)) == 20


def test_a_journal_that_refuses_once_lets_nothing_of_that_look_go_before_its_time(tmp_path):
    book, clock = Book(), HandClock()
    made, _ = forgetting_of(tmp_path, clock, minutes(30), maximum_bytes=20_000_000, keep_days=1)
    now_us = 86_400_000_000 + 5 * MINUTE_US + 1
    answers = iter([False])

    def refusing_once(kind: str, fields: Mapping[str, Any]) -> bool:
        return next(answers, True) and book.enter(kind, fields)

    assert made.due(now_us=now_us, days_count=True, enter=refusing_once) == []
    assert due(made, book, now_us=now_us, days_count=True)[:5] == [1, 2, 3, 4, 5]


def test_without_a_journal_room_is_made_after_five_seconds_and_no_later(tmp_path):
    book, clock = Book(), HandClock()
    book.refuses = True
    made, room = forgetting_of(tmp_path, clock, minutes(30))
    room.free = 1_500_000
    waited = 0.0
    while not (made.urgent() and due(made, book)):
        clock.sleep(0.5)
        waited += 0.5

    assert 5 <= waited <= 7
    assert book.entries == []
    clock.sleep(61)
    assert due(made, book) != [], "it has waited once"


def test_without_a_journal_room_is_made_of_what_days_ask_for_too(tmp_path):
    book, clock = Book(), HandClock()
    book.refuses = True
    made, room = forgetting_of(tmp_path, clock, minutes(30), keep_days=1)
    room.free = 1_500_000
    now_us = 86_400_000_000 + 9 * MINUTE_US + 1
    assert due(made, book, now_us=now_us, days_count=True) == []
    clock.sleep(5)

    assert due(made, book, now_us=now_us, days_count=True) == list(range(1, 9))


def test_room_that_is_short_is_not_kept_waiting_for_the_next_look_round(tmp_path):
    book, clock = Book(), HandClock()
    made, room = forgetting_of(tmp_path, clock, minutes(30))
    due(made, book)
    clock.sleep(2)
    assert not made.urgent()
    room.free = 1_500_000
    assert made.urgent()
    assert due(made, book) == [1, 2, 3]
    clock.sleep(2)
    assert not made.urgent(), "what is ordered counts as gone"


def test_with_deletion_off_a_full_disk_is_a_fault_and_nothing_is_decided(tmp_path):
    book = Book()
    made, room = forgetting_of(tmp_path, HandClock(), minutes(30), delete=False, maximum_bytes=10_000_000, keep_days=1)
    assert due(made, book, now_us=10**15, days_count=True) == []
    assert made.complaint == ""
    room.free = 1_500_000

    assert due(made, book, now_us=10**15, days_count=True) == []
    assert "set storage.delete = true" in made.complaint
    assert book.entries == []


def test_a_limit_that_holds_forbid_to_keep_is_told_apart_from_a_disk_that_is_full(tmp_path):
    segments = [replace(one, held=True) for one in minutes(30)]
    made, room = forgetting_of(tmp_path, HandClock(), segments, maximum_bytes=10_000_000)

    assert due(made, Book()) == []
    assert not made.is_short
    assert made.complaint == (
        "recordings take more than maximum_bytes and nothing may be deleted "
        "(30 of 30 segments held, 0 starred, the newest ten minutes stay always): release a hold or allow more"
    )
    room.free = 1_500_000
    assert due(made, Book()) == []
    assert made.is_short
    assert made.complaint.startswith("space is short and nothing may be deleted (30 of 30 segments held")


def test_orders_that_are_being_obeyed_are_not_given_again_to_others(tmp_path):
    book, clock = Book(), HandClock()
    segments = minutes(45)
    made, _ = forgetting_of(tmp_path, clock, segments, maximum_bytes=40_000_000)

    first = due(made, book)
    again = due(made, book)
    del segments[: len(first) - 2]
    clock.sleep(61)
    forgotten = due(made, book)

    assert first == list(range(1, len(first) + 1))
    assert again == []
    assert forgotten == []  # two are left of what was ordered, and without them it is little enough
