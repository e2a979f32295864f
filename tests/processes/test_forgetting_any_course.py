"""What must hold of guard's forgetting whatever happens in between: holds that come and go, a journal that refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.forgetting import MINUTE_US, forgetting_of, minutes
from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.events import Delete
from vigil.store.retention import Kept

DAY_US = 86_400_000_000
SIZE = 1_000_000
START = 2 * SIZE
YOUNG = 10
"""So many minutes of each camera are too young to go."""

NOW_US = DAY_US + 5 * MINUTE_US
"""The first minutes are older than a day."""

NUMBERS = st.integers(1, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.lists(st.booleans(), max_size=4)),  # what the journal answers, then yes
        st.tuples(st.just("hold"), NUMBERS),
        st.tuples(st.just("star"), NUMBERS),
        st.tuples(st.just("record"), st.integers(1, 3)),
        st.tuples(st.just("obey"), st.integers(0, 9)),
        st.tuples(st.just("sleep"), st.sampled_from([1, 5, 61])),
    ),
    max_size=25,
)


class Course:
    """A store of two cameras, guard's forgetting over it, recorders that obey when told to, and what was entered."""

    def __init__(self, data: Path, *, give_up_stars: bool = False, maximum_bytes: int = 0, keep_days: int = 0) -> None:
        self.clock = HandClock()
        self.there: list[Kept] = [*minutes(20), *minutes(20, camera="yard")]
        self.made, self.room = forgetting_of(
            data, self.clock, self.there, give_up_stars=give_up_stars, maximum_bytes=maximum_bytes, keep_days=keep_days
        )
        self.room.free = 3 * SIZE
        self.give_up_stars = give_up_stars
        self.entered: set[tuple[str, int]] = set()
        self.refused_us: int | None = None
        self.waiting: dict[tuple[str, int], Delete] = {}

    def hold(self, number: int, *, held: bool) -> None:
        n = number % len(self.there)
        self.there[n] = replace(self.there[n], held=held)

    def star(self, number: int, *, starred: bool) -> None:
        n = number % len(self.there)
        self.there[n] = replace(self.there[n], starred=starred)

    def record(self, count: int) -> None:
        for camera in ("gate", "yard"):
            for _ in range(count):
                seq = max(one.seq for one in self.there if one.camera == camera) + 1
                began_us = seq * MINUTE_US
                self.there.append(Kept(camera, seq, SIZE, began_us, began_us + MINUTE_US, Trust.SYNCED))
                self.room.free = max(0, self.room.free - SIZE)

    def obey(self, count: int) -> None:
        """The recorders delete what they were told to, in that order, but not what is held."""
        for name in list(self.waiting)[:count]:
            order = self.waiting.pop(name)
            one = next((each for each in self.there if (each.camera, each.seq) == name), None)
            if one and not one.held and (order.star_too or not one.starred):
                self.there.remove(one)
                self.room.free += one.size_bytes

    def look(self, answers: Sequence[bool]) -> list[Delete]:
        """Guard looks round; everything that must hold of its orders is checked."""
        left = iter(answers)

        def enter(kind: str, fields: Mapping[str, Any]) -> bool:
            assert kind == "deletion.decided"
            if not next(left, True):
                self.refused_us = self.clock.steady_us() if self.refused_us is None else self.refused_us
                return False
            runs = fields["segments"]
            self.entered |= {(fields["camera"], n) for first, last in runs for n in range(first, last + 1)}
            return True

        self.clock.sleep(1)
        was_short = self.room.free < START
        orders = self.made.due(now_us=NOW_US, days_count=True, enter=enter)
        for order in orders:
            self.check(order, was_short=was_short)
            self.waiting[order.camera, order.segment] = order
        return orders

    def check(self, order: Delete, *, was_short: bool) -> None:
        name = order.camera, order.segment
        mine = [one for one in self.there if one.camera == order.camera]
        one = next(one for one in mine if one.seq == order.segment)
        assert not one.held
        assert not one.starred or (order.star_too and self.give_up_stars)
        assert sum(other.seq > one.seq for other in mine) >= YOUNG
        passed_over = [each for each in mine if each.seq < one.seq and (each.camera, each.seq) not in self.waiting]
        assert all(each.held or (each.starred and not order.star_too) for each in passed_over)
        if name not in self.entered:
            assert was_short
            assert self.refused_us is not None
            assert self.clock.steady_us() - self.refused_us >= 5_000_000

    def may_go(self) -> list[Kept]:
        newest = {one.camera: max(each.seq for each in self.there if each.camera == one.camera) for one in self.there}
        loose = [one for one in self.there if not one.held and one.seq <= newest[one.camera] - YOUNG]
        return [one for one in loose if self.give_up_stars or not one.starred]


@settings(max_examples=60)
@given(STEPS, st.booleans(), st.sampled_from([0, 30 * SIZE]), st.integers(0, 1))
def test_whatever_happens_nothing_held_goes_nothing_unsaid_and_a_full_disk_gets_room(
    steps: list[tuple[str, Any]], give_up_stars: bool, maximum_bytes: int, days: int
) -> None:
    with tempfile.TemporaryDirectory() as data:
        course = Course(Path(data), give_up_stars=give_up_stars, maximum_bytes=maximum_bytes, keep_days=days)
        for step, value in steps:
            if step == "look":
                course.look(value)
            elif step == "sleep":
                course.clock.sleep(value)
            elif step == "record":
                course.record(value)
            elif step == "obey":
                course.obey(value)
            elif step == "hold":
                course.hold(value, held=not course.there[value % len(course.there)].held)
            else:
                course.star(value, starred=not course.there[value % len(course.there)].starred)

        # The journal is well again and the recorders obey: then there is room, unless nothing may go.
        for _ in range(3):
            course.clock.sleep(61)
            course.look([])
            course.obey(100)
        assert course.room.free >= START or course.may_go() == []


@settings(max_examples=15)
@given(STEPS)
def test_without_a_journal_for_ever_a_full_disk_gets_room_all_the_same(steps: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as data:
        course = Course(Path(data))
        course.record(3)
        for step, value in steps:
            if step == "hold":
                course.hold(value, held=True)
        for _ in range(9):
            course.look([False] * 9)
            course.obey(100)

        assert course.entered == set()
        assert course.room.free >= START or course.may_go() == []
