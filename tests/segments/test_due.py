"""When a flush is due: whoever looks then, and only then, is never late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigil.segments.due import MUCH_PADDING_BYTES, best_end, flush_due, look_at_us
from vigil.segments.seal import padding_bytes
from vigil.segments.stream import CHUNK_BYTES

S = 1_000_000


@given(
    loss_ms=st.integers(min_value=1000, max_value=10_000),
    pending_bytes=st.integers(min_value=0, max_value=10 * S),
    padding=st.sampled_from([0, MUCH_PADDING_BYTES, MUCH_PADDING_BYTES + 1]),
    creates=st.booleans(),
)
def test_who_looks_when_told_to_flushes_in_time_and_looks_twice_at_most(loss_ms, pending_bytes, padding, creates):
    loss_s, now_us, looks = loss_ms / 1000, 0, 0
    while not flush_due(
        oldest_us=0, now_us=now_us, loss_s=loss_s, pending_bytes=pending_bytes, padding=padding, creates=creates
    ):
        now_us = look_at_us(oldest_us=0, now_us=now_us, loss_s=loss_s, creates=creates)
        looks += 1
        assert looks <= 2

    assert now_us <= max(0, loss_ms * 1000 - (1_300_000 if creates else 350_000)) + 1


def test_what_is_overdue_is_looked_at_now():
    assert look_at_us(oldest_us=0, now_us=5 * S, loss_s=2, creates=False) == 5 * S
    assert look_at_us(oldest_us=0, now_us=5 * S, loss_s=2, creates=True) == 5 * S


def test_pictures_that_would_begin_a_chunk_wait_for_the_next_flush():
    nearly_full = CHUNK_BYTES - 1000
    ends = [nearly_full - 20_000, nearly_full, nearly_full + 20_000]

    assert best_end(ends, unfilled=0) == 1
    assert best_end(ends, unfilled=CHUNK_BYTES // 2) == 2, "padding is nearly the same: nothing waits without a reason"
    assert best_end([0, 5000], unfilled=CHUNK_BYTES) == 0, "all that is there fills its chunks"


@given(
    steps=st.lists(st.integers(min_value=1, max_value=200_000), min_size=1, max_size=16),
    unfilled=st.integers(min_value=0, max_value=CHUNK_BYTES - 1),
)
def test_nothing_waits_but_where_it_saves_a_quarter_of_itself(steps, unfilled):
    ends = [sum(steps[: n + 1]) for n in range(len(steps))]
    best = best_end(ends, unfilled=unfilled)

    saved = padding_bytes(unfilled + ends[-1]) - padding_bytes(unfilled + ends[best])
    assert saved >= (ends[-1] - ends[best]) // 4
