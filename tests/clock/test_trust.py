"""How far the time may be believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigil.clock import HandClock, SystemClock, kernel
from vigil.clock.trust import Hands, Step, Trust, Watch
from vigil.errors import FormatError

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
YEAR_US = 365 * 24 * HOUR_US
BUILT_US = 1_760_000_000 * SECOND_US
NOW_US = 1_770_000_000 * SECOND_US


class Box:
    """A box with a clock moved by hand, looked at every ten minutes, and restarted at will."""

    def __init__(self, *, wall_us: int = NOW_US, newest_us: int | None = None) -> None:
        self.clock = HandClock(wall_us=wall_us)
        self.watch = Watch.new(built_us=BUILT_US, newest_us=newest_us)
        self.boots = 0
        self.synced = False
        self.steps: list[Step] = []

    def look(self) -> Step | None:
        hands = kernel.look(self.clock, boot=f"boot {self.boots}", synced=self.synced)
        self.watch, step = self.watch.after(hands)
        if step:
            self.steps.append(step)
        return step

    def live(self, hours: float) -> None:
        for _ in range(round(hours * 6)):
            self.clock.sleep(600)
            self.look()

    def restart(self, *, wall_us: int) -> Step | None:
        """Cut the power; when it is back the wall hand shows `wall_us` and all that is left is what was saved."""
        self.watch = Watch.restored(json.loads(json.dumps(self.watch.saved())), built_us=BUILT_US)
        self.clock = HandClock(wall_us=wall_us)
        self.boots += 1
        self.synced = False
        return self.look()

    def settle(self) -> None:
        self.look()
        self.synced = True
        self.live(2)


@given(st.integers(-20 * YEAR_US, 20 * YEAR_US), st.floats(0, 1e6))
@example(SECOND_US, 0.0)
@example(-SECOND_US - 1, 0.0)
def test_a_step_is_seen_with_its_size_however_long_the_box_slept(size_us: int, slept_s: float) -> None:
    box = Box(wall_us=40 * YEAR_US)
    box.look()
    box.clock.sleep(slept_s)
    before_us = box.clock.wall_us()
    box.clock.step(size_us / 1e6)

    step = box.look()
    if abs(size_us) > SECOND_US:
        assert step == Step(size_us, before_us, before_us + size_us, slept=False)
    else:
        assert step is None
    assert box.look() is None


@given(st.lists(st.integers(-900_000, 900_000), max_size=40))
def test_what_is_too_little_for_a_step_is_not_lost(nudges_us: list[int]) -> None:
    box = Box()
    box.look()
    for nudge_us in nudges_us:
        box.clock.step(nudge_us / 1e6)
        box.look()
    assert abs(sum(nudges_us) - sum(step.size_us for step in box.steps)) <= SECOND_US


def test_a_clock_that_the_kernel_does_not_vouch_for_is_unsynced() -> None:
    box = Box()
    box.live(5)
    assert box.watch.trust is Trust.UNSYNCED
    assert not box.watch.days_count


def test_days_count_after_an_hour_in_step_with_the_world() -> None:
    box = Box()
    box.look()
    box.synced = True
    box.look()
    assert (box.watch.trust, box.watch.days_count) == (Trust.SYNCED, False)
    box.live(5 / 6)
    assert not box.watch.days_count
    box.live(1 / 6)
    assert box.watch.days_count

    box.synced = False
    box.look()
    assert (box.watch.trust, box.watch.days_count) == (Trust.UNSYNCED, False)
    box.synced = True
    box.look()
    assert not box.watch.days_count


def test_a_small_step_is_labelled_for_an_hour_and_then_forgotten() -> None:
    box = Box()
    box.settle()
    box.clock.step(30)
    assert box.look() is not None
    assert (box.watch.trust, box.watch.days_count) == (Trust.STEPPED, False)

    box.live(1)
    assert (box.watch.trust, box.watch.days_count) == (Trust.SYNCED, True)


@pytest.mark.parametrize("size_us", [HOUR_US + SECOND_US, -HOUR_US - SECOND_US, 10 * YEAR_US, -YEAR_US // 12])
def test_after_a_step_of_more_than_an_hour_days_pause_until_somebody_confirms(size_us: int) -> None:
    box = Box()
    box.settle()
    box.clock.step(size_us / 1e6)
    box.live(1000)
    assert not box.watch.days_count

    box.restart(wall_us=box.clock.wall_us())
    box.settle()
    assert not box.watch.days_count

    box.watch = box.watch.confirmed()
    assert box.watch.days_count
    assert box.watch.trust is Trust.SYNCED


@pytest.mark.parametrize("size_us", [10 * YEAR_US, -10 * YEAR_US])
def test_a_jump_that_happened_while_the_box_was_off_pauses_days_too(size_us: int) -> None:
    box = Box()
    box.settle()
    step = box.restart(wall_us=box.clock.wall_us() + size_us)
    assert step is not None
    assert (step.size_us, step.slept) == (size_us, True)
    box.settle()
    assert not box.watch.days_count


def test_a_jump_is_seen_even_when_the_memory_of_earlier_boots_is_lost() -> None:
    box = Box(newest_us=NOW_US - 10 * YEAR_US)
    box.settle()
    assert [step.slept for step in box.steps] == [True]
    assert not box.watch.days_count


def test_many_steps_just_below_an_hour_add_up() -> None:
    box = Box()
    box.settle()
    for _ in range(2):
        box.clock.step(40 * 60)
        box.live(2)
    assert box.watch.confirm
    assert not box.watch.days_count


def test_steps_a_day_apart_do_not_add_up() -> None:
    box = Box()
    box.settle()
    for _ in range(5):
        box.clock.step(40 * 60)
        box.live(25)
    assert box.watch.days_count


def test_power_cuts_of_minutes_do_not_add_up_to_a_jump() -> None:
    box = Box()
    box.settle()
    for _ in range(10):
        assert box.restart(wall_us=box.clock.wall_us() + HOUR_US // 2) is None
        box.settle()
    assert box.watch.days_count


def test_a_clock_before_the_program_was_built_is_wrong_whatever_the_kernel_says() -> None:
    box = Box(wall_us=BUILT_US - 5 * YEAR_US)
    box.settle()
    assert (box.watch.trust, box.watch.days_count) == (Trust.UNSYNCED, False)
    assert box.watch.start_us == BUILT_US


def test_the_floor_rises_only_with_time_that_was_settled() -> None:
    box = Box()
    box.settle()
    assert box.watch.floor_us == box.clock.wall_us()
    settled_us = box.clock.wall_us()

    # A wrong time far ahead must not become the floor: the right one would be refused for years.
    box.clock.step(10 * YEAR_US / 1e6)
    box.live(3)
    assert box.watch.floor_us == settled_us
    assert box.watch.start_us == box.clock.wall_us()


def test_a_clock_set_back_below_the_floor_is_not_believed_until_confirmed() -> None:
    box = Box()
    box.settle()
    box.clock.step(-3 * HOUR_US / 1e6)
    box.live(2)
    assert box.watch.trust is Trust.UNSYNCED

    box.watch = box.watch.confirmed()
    assert (box.watch.trust, box.watch.days_count) == (Trust.SYNCED, True)


class StallingClock(HandClock):
    """The program is stopped for a while, each time that it has read the wall hand."""

    stalls_s: tuple[float, ...] = ()

    def wall_us(self) -> int:
        wall_us = super().wall_us()
        if self.stalls_s:
            self.sleep(self.stalls_s[0])
            self.stalls_s = self.stalls_s[1:]
        return wall_us


@pytest.mark.parametrize(
    ("stalls_s", "seen"),
    [((30.0,), False), ((30.0,) * 4, False), ((30.0,) * 5, True), ((30.0, 20.0, 1.5, 30.0, 9.0), False)],
)
def test_a_program_that_was_stopped_while_reading_takes_its_best_reading(
    stalls_s: tuple[float, ...], seen: bool
) -> None:
    clock = StallingClock()
    watch, _ = Watch.new(built_us=BUILT_US).after(kernel.look(clock, boot="b", synced=True))
    clock.stalls_s = stalls_s
    _, step = watch.after(kernel.look(clock, boot="b", synced=True))
    assert (step is not None) == seen


def test_a_step_does_not_label_the_next_boot() -> None:
    box = Box()
    box.settle()
    box.clock.step(30)
    box.look()
    box.restart(wall_us=box.clock.wall_us() + 60 * SECOND_US)
    box.synced = True
    box.look()
    assert box.watch.trust is Trust.SYNCED


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30 * HOUR_US), st.integers(-2 * YEAR_US, 2 * YEAR_US) | st.just(0), st.booleans(),
            st.booleans(),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_memory_survives_a_file_whatever_happened_and_days_never_count_unearned(
    life: list[tuple[int, int, bool, bool]],
) -> None:
    clock, watch, boot = HandClock(wall_us=NOW_US), Watch.new(built_us=BUILT_US), 0
    for slept_us, step_us, synced, cut in life:
        clock.forward_us(slept_us)
        clock.step(step_us / 1e6)
        boot += cut
        before = watch
        watch, step = watch.after(
            Hands(wall_us=clock.wall_us(), steady_us=clock.steady_us(), boot=str(boot), synced=synced)
        )
        assert Watch.restored(json.loads(json.dumps(watch.saved())), built_us=BUILT_US) == watch
        assert watch.floor_us >= before.floor_us
        if not synced or step or cut:
            assert not watch.days_count
        if step and abs(step.size_us) > HOUR_US:
            assert watch.confirm
        assert watch.confirm >= before.confirm


def test_a_newer_program_raises_the_floor_of_what_was_saved() -> None:
    saved = Watch.new(built_us=BUILT_US).saved()
    assert Watch.restored(saved, built_us=BUILT_US + HOUR_US).floor_us == BUILT_US + HOUR_US


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"floor_us": "soon"}, "floor_us"),
        ({"floor_us": True}, "floor_us"),
        ({"confirm": 1}, "confirm"),
        ({"boot": None}, "boot"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_saved_state_that_is_none_is_refused_by_name(change: dict[str, object], named: str) -> None:
    saved = {**Watch.new(built_us=BUILT_US).saved(), **change}
    with pytest.raises(FormatError, match=named):
        Watch.restored(saved, built_us=BUILT_US)
    with pytest.raises(FormatError, match="moved_us"):
        Watch.restored({k: v for k, v in saved.items() if k != "moved_us"}, built_us=BUILT_US)


def test_the_kernel_can_be_asked() -> None:
    assert kernel.synchronised() in (True, False)
    assert len(kernel.boot_id()) == 36
    clock = SystemClock()
    before_us = clock.steady_us()
    hands = kernel.look(clock, boot=kernel.boot_id(), synced=kernel.synchronised())
    assert before_us <= hands.steady_us <= clock.steady_us()
