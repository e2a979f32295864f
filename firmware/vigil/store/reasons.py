"""Why there are no pictures between two segments: what the statements around the gap say, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vigil.segments.sidecar import Statement
from vigil.store.browse import MOST_US, Recorded, State

SEAMLESS_US = 500_000
"""Arrival jitters: segments that lie closer than this follow each other without a gap."""

KEYFRAMES_APART_US = 30_000_000
"""While only keyframes are due they may be this far apart; beyond it an `idle` statement says why."""

_IDLE_US = 30_000_000
_CLOCK_SET_US = 2_000_000
_STARTS = "recording starts"
_AWAY = "the camera is away"


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Behind segment `seq`, from `from_us` to `to_us` (wall clock), there are no pictures.

    `missing_us` is how long that really was; it differs where the clock was
    set meanwhile. `reasons` are clauses for people; `expected` says that the
    owner wanted it so: nothing was due, recording was paused, or what was
    there was deleted on purpose.
    """

    seq: int
    from_us: int
    to_us: int
    missing_us: int
    reasons: tuple[str, ...]
    expected: bool


@dataclass(frozen=True, slots=True)
class _Reason:
    """Words, and the time for which they explain. What is `idle` explains only where nothing else does."""

    from_us: int
    to_us: int
    words: str
    expected: bool = False
    idle: bool = False


def gap_between(
    before: Recorded, after: Recorded, statements: Iterable[Statement], missing: Mapping[int, str | None]
) -> Gap | None:
    """
    Return the gap between two segments of one camera, None where there is none.

    `statements` are those from the first of `before`'s sidecar to the last of
    `after`'s; `missing` says of each segment that is not here why it was
    deleted, None where nobody says so.
    """
    statements = list(statements)
    apart_us = after.from_us - before.to_us
    missing_us = after.steady_us - before.steady_end_us if before.boot == after.boot else apart_us
    clock = _clock(before, after, apart_us - missing_us)
    reasons = [*_gone(before, after, missing), *_stated(before, statements)]
    if not clock:
        reasons = [one for one in reasons if one.from_us < after.from_us and one.to_us > before.to_us]
    only_keyframes = "keyframes" in (before.rate, after.rate) and all(one.idle for one in reasons)
    if missing_us <= (KEYFRAMES_APART_US if only_keyframes else SEAMLESS_US):
        return Gap(before.seq, before.to_us, after.from_us, 0, (clock,), expected=True) if clock else None
    if before.state is State.RECOVERED and all(one.idle for one in reasons):
        reasons.append(_Reason(0, MOST_US, _cut_off(before)))
    words = [one.words for one in sorted(reasons, key=lambda one: one.idle)]
    return Gap(
        before.seq, before.to_us, after.from_us, missing_us,
        tuple(dict.fromkeys([*words, *([clock] if clock else [])])) or ("no reason is stated",),
        expected=bool(reasons) and all(one.expected for one in reasons),
    )  # fmt: skip


def _stated(before: Recorded, statements: Sequence[Statement]) -> Iterator[_Reason]:
    """Yield what the recorder itself said, in its order."""
    paused: tuple[int, str] | None = None
    for one in statements:
        said = one.fields
        if one.type == "gap":
            why = _cut_off(before) if said["why"] == _STARTS else said["why"]
            yield _Reason(said["from_us"], said.get("to_us", MOST_US), why)
        elif one.type == "paused":
            paused = one.at_us, f"recording was paused by {said['who']}"
        elif one.type == "resumed" and paused:
            yield _Reason(paused[0], one.at_us, paused[1], expected=True)
            paused = None
        elif one.type == "idle":
            expected = said["state"] != _AWAY
            yield _Reason(one.at_us - _IDLE_US, one.at_us, said["state"], expected=expected, idle=True)
    if paused:
        yield _Reason(paused[0], MOST_US, paused[1], expected=True)


def _cut_off(before: Recorded) -> str:
    if before.state is State.RECOVERED:
        return "the recorder was cut off without warning (power or crash)"
    return "the recorder was not running"


def _gone(before: Recorded, after: Recorded, missing: Mapping[int, str | None]) -> Iterator[_Reason]:
    """Yield what became of segments that lay between the two."""
    whys: dict[str | None, list[int]] = {}
    for seq in range(before.seq + 1, after.seq):
        if seq in missing:
            whys.setdefault(missing[seq], []).append(seq)
    for why, seqs in whys.items():
        which = f"segment {seqs[0]}" if len(seqs) == 1 else f"{len(seqs)} segments, {seqs[0]} to {seqs[-1]},"
        verb = "was" if len(seqs) == 1 else "were"
        if why is None:
            words = f"{which} {verb} taken away and nobody says why: run `vigil verify`"
        else:
            words = f"{which} {verb} deleted ({why})"
        yield _Reason(0, MOST_US, words, expected=why is not None)


def _clock(before: Recorded, after: Recorded, set_us: int) -> str:
    """Say how the wall clock was set between two segments, empty where it was not."""
    if before.boot != after.boot:
        if after.from_us >= before.to_us - _CLOCK_SET_US:
            return ""
        return "after a restart the clock was behind: how long nothing was recorded is not known"
    if abs(set_us) <= _CLOCK_SET_US:
        return ""
    return f"the clock was set {'forward' if set_us > 0 else 'back'} by {abs(set_us) / 1_000_000:.0f} s"
