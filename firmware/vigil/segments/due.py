"""When a flush is due, so that no picture is in danger for longer than promised."""

from __future__ import annotations

SLOW_BITS_PER_S = 500_000
_USUAL_RESERVE_S = 0.8
_SLOW_RESERVE_S = 0.35
_FRAGMENT_S = 0.5


def flush_due(*, oldest_us: int, now_us: int, loss_s: float, pending_bytes: int, at_fragment: bool = False) -> bool:
    """
    Say whether a flush must begin now.

    `oldest_us` is the arrival of the oldest picture that is not durable (steady
    clock), `pending_bytes` what waits. Half a chunk of padding a flush is paid
    most dearly by a slow stream, so that one waits longer
    (docs/spec/segment.md, *Bounded loss*). `at_fragment` says that a fragment
    was just completed: then it is also due when the next one would come too late.
    """
    waited_s = (now_us - oldest_us) / 1_000_000
    slow = pending_bytes * 8 < SLOW_BITS_PER_S * max(waited_s, 0.5)
    if at_fragment:
        waited_s += _FRAGMENT_S
    return waited_s > loss_s - (_SLOW_RESERVE_S if slow else _USUAL_RESERVE_S)
