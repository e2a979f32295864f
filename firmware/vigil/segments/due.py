"""When a flush is due, and how far it reaches, so that no picture is in danger for longer than promised."""

from __future__ import annotations

from collections.abc import Sequence

from vigil.segments.seal import padding_bytes

SLOW_BITS_PER_S = 500_000
MUCH_PADDING_BYTES = 45_000
_USUAL_RESERVE_S = 0.8
_LEAST_RESERVE_S = 0.35
_CREATING_RESERVE_S = 1.3

_KEPT_FOR_SAVED = 4
"""Bytes of pictures that may wait for the next flush for each byte of padding this saves: they bring it closer."""


def look_at_us(*, oldest_us: int, now_us: int, loss_s: float, creates: bool) -> int:
    """Return when `flush_due` must be asked again although nothing came, all on the steady clock."""
    for reserve_s in (_CREATING_RESERVE_S,) if creates else (_USUAL_RESERVE_S, _LEAST_RESERVE_S):
        at_us = oldest_us + round((loss_s - reserve_s) * 1_000_000) + 1
        if at_us > now_us:
            return at_us
    return now_us


def flush_due(*, oldest_us: int, now_us: int, loss_s: float, pending_bytes: int, padding: int, creates: bool) -> bool:
    """
    Say whether a flush must begin now.

    `oldest_us` is the arrival of the oldest picture that is not durable (steady
    clock), `pending_bytes` what waits, `padding` the bytes that a flush now would
    add. Padding is paid most dearly by a slow stream, and when a chunk was just
    begun: those wait as long as they may (docs/spec/segment.md, *Bounded loss*).
    `creates` says that the flush creates the file of pictures: directories are
    synced then, too, and the file before it has just been ended, so that there
    are some ten syncs to wait for instead of two.
    """
    if creates:
        return now_us - oldest_us > (loss_s - _CREATING_RESERVE_S) * 1_000_000
    waited_s = (now_us - oldest_us) / 1_000_000
    slow = pending_bytes * 8 < SLOW_BITS_PER_S * max(waited_s, 0.5)
    reserve_s = _LEAST_RESERVE_S if slow or padding > MUCH_PADDING_BYTES else _USUAL_RESERVE_S
    return waited_s > loss_s - reserve_s


def best_end(ends: Sequence[int], *, unfilled: int) -> int:
    """
    Return the index of the place in which a flush had best end.

    `ends` are the bytes, rising, that would stand behind the `unfilled` bytes
    of the open chunk. A picture or two that wait for the next flush save most
    of the padding, where the chunk before them is nearly full.
    """
    last = ends[-1]
    costs = [padding_bytes(unfilled + end) + (last - end) // _KEPT_FOR_SAVED for end in ends]
    return costs.index(min(costs))
