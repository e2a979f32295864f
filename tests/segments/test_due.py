"""When a flush is due: whoever looks then, and only then, is never late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigil.segments.due import MUCH_PADDING_BYTES, flush_due, look_at_us

S = 1_000_000


@given(
    loss_ms=st.integers(min_value=1000, max_value=10_000),
    pending_bytes=st.integers(min_value=0, max_value=10 * S),
    padding_bytes=st.sampled_from([0, MUCH_PADDING_BYTES, MUCH_PADDING_BYTES + 1]),
)
def test_who_looks_when_told_to_flushes_in_time_and_looks_twice_at_most(loss_ms, pending_bytes, padding_bytes):
    now_us, looks = 0, 0
    while not flush_due(
        oldest_us=0, now_us=now_us, loss_s=loss_ms / 1000, pending_bytes=pending_bytes, padding_bytes=padding_bytes
    ):
        now_us = look_at_us(oldest_us=0, now_us=now_us, loss_s=loss_ms / 1000)
        looks += 1
        assert looks <= 2

    assert now_us <= loss_ms * 1000 - 350_000 + 1


def test_what_is_overdue_is_looked_at_now():
    assert look_at_us(oldest_us=0, now_us=5 * S, loss_s=2) == 5 * S
