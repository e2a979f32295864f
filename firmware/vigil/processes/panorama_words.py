"""Numbers as people say them: sizes, rates, ages, and the last minute as a row of small bars."""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN = "–"
BARS = "▁▂▃▄▅▆▇█"
MINUTE_S = 60

_DAY_S = 86_400

Samples = tuple[tuple[int, float], ...]
"""(second, value) in the order of time, at most one a second, none older than a minute."""


def with_sample(samples: Samples, second: int, value: float) -> Samples:
    """Return `samples` with one more; what is older than a minute goes, the last word of a second counts."""
    kept = tuple(one for one in samples if second - MINUTE_S < one[0] < second)
    return (*kept, (second, value))


def size(count: int) -> str:
    """Return a number of bytes, ``14.2 MB``."""
    if count < 0:
        return UNKNOWN
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.1f} {unit}" if unit in ("MB", "GB") and amount < 99.95 else f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.2f} TB"


def bit_rate(bits: float) -> str:
    """Return bits a second, ``4.1 Mbit/s``."""
    if bits < 0:
        return UNKNOWN
    if bits < 999_500:
        return f"{bits / 1000:.0f} kbit/s"
    return f"{bits / 1_000_000:.1f} Mbit/s"


def frame_rate(fps: float) -> str:
    """Return pictures a second, ``25.0 fps``."""
    return UNKNOWN if fps < 0 else f"{fps:.1f} fps"


def seconds(value: float) -> str:
    """Return a short time, ``5.2 s``."""
    return UNKNOWN if value < 0 else f"{value:.1f} s"


def ago(age_s: float) -> str:
    """Return how long something is past, ``0.8 s ago``."""
    if age_s < 0:
        return UNKNOWN
    return f"{age_s:.1f} s ago" if age_s < 10 else f"{span(age_s)} ago"


def span(length_s: float) -> str:
    """Return a length of time by its two largest units, ``3 h 12 min``."""
    whole = max(0, int(length_s))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * _DAY_S:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // _DAY_S} days {whole % _DAY_S // 3600} h"


def stopwatch(length_s: float) -> str:
    """Return a running time, ``0:12:41``."""
    whole = max(0, int(length_s))
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def about(length_s: float) -> str:
    """Return a forecast no more exact than it can be, ``about 12 days``."""
    if length_s < 3600:
        return "less than an hour"
    if length_s < 2 * _DAY_S:
        hours = round(length_s / 3600)
        return "about an hour" if hours == 1 else f"about {hours} hours"
    days = round(length_s / _DAY_S)
    return f"about {days} days" if days <= 700 else "years"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, ``1,204 entries``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sparkline(samples: Samples, now_s: int, columns: int, *, top: float) -> str:
    """
    Return the minute before `now_s` in so many columns, the newest at the right.

    `top` is the value of a full bar. A second without a word is a gap, zero is
    the lowest bar. In a column that stands for several seconds the largest counts.
    """
    known = dict(samples)
    last = max(known, default=now_s)
    # A word comes a second late at most: the newest known second stands at the right until it is clearly old.
    end = last if 0 <= now_s - last <= 2 else now_s
    return "".join(_bar(_values(known, end, column, columns), top) for column in range(columns))


def _values(known: dict[int, float], end: int, column: int, columns: int) -> Sequence[float]:
    first = column * MINUTE_S // columns
    after = max(first + 1, (column + 1) * MINUTE_S // columns)
    times = (end - MINUTE_S + 1 + offset for offset in range(first, after))
    # Words come a little more than a second apart, so that now and then a second has none: that is no gap.
    found = (known.get(time, known.get(time - 1)) for time in times)
    return [value for value in found if value is not None]


def _bar(values: Sequence[float], top: float) -> str:
    if not values:
        return " "
    share = max(values) / top if top > 0 else 0.0
    return BARS[min(len(BARS) - 1, max(0, round(share * (len(BARS) - 1))))]
