"""How people say when: 2026-11-22T14:15, 14:15, -10m; and how a time is shown to them."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

from vigil.errors import ConfigError

_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BEFORE = re.compile(r"-(\d{1,9}(?:\.\d+)?)([smhd])")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
HELP = "2026-11-22T14:15:00Z, 14:15 or -10m; UTC where no zone is given"


def add_range(parser: argparse.ArgumentParser) -> None:
    """Add `--from` and `--to`, as words; `read_range` makes times of them."""
    parser.add_argument("--from", dest="from_", metavar="TIME", help=f"begin here ({HELP})")
    parser.add_argument("--to", metavar="TIME", help="end here (the same)")
    # Let `-10m` be a value: argparse takes for an option what begins with a dash and is not a number.
    parser._negative_number_matcher = re.compile(r"-\d")


def read_range(from_: str | None, to: str | None, now_us: int) -> tuple[int | None, int | None]:
    """
    Return the times that two words mean (UTC, microseconds), None where nothing is said.

    A time of day is the latest one that is not in the future; as an end, the
    first one after the beginning. Raises `ConfigError`.
    """
    from_us = None if from_ is None else _read("--from", from_, now_us, after_us=None)
    to_us = None if to is None else _read("--to", to, now_us, after_us=from_us)
    if from_us is not None and to_us is not None and to_us <= from_us:
        raise ConfigError([f"--to {to} ({shown(to_us)}) is not later than --from {from_} ({shown(from_us)})"])
    return from_us, to_us


def read_time(option: str, text: str, now_us: int) -> int:
    """Return the time that a word means; `option` is what it was given to. Raises `ConfigError`."""
    return _read(option, text, now_us, after_us=None)


def _read(option: str, text: str, now_us: int, *, after_us: int | None) -> int:
    text = text.strip()
    if text == "now":
        return now_us
    if before := _BEFORE.fullmatch(text):
        return now_us - round(float(before[1]) * _UNITS[before[2]] * _SECOND_US)
    if clock := _CLOCK.fullmatch(text):
        hour, minute, second = int(clock[1]), int(clock[2]), float(clock[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            of_day_us = (hour * 3600 + minute * 60) * _SECOND_US + round(second * _SECOND_US)
            return _of_day(of_day_us, now_us, after_us)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError([f"{option} {text}: this is not a time; give one like {HELP}"]) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _of_day(of_day_us: int, now_us: int, after_us: int | None) -> int:
    if after_us is not None:
        return after_us + 1 + (of_day_us - after_us - 1) % _DAY_US
    return now_us - (now_us - of_day_us) % _DAY_US


def shown(at_us: int, *, tenths: bool = False) -> str:
    """Return a time as people read it, without its zone (UTC); a nonsense time as its number."""
    try:
        at = datetime.fromtimestamp(at_us // _SECOND_US, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at_us} µs"
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{at_us // 100_000 % 10}" if tenths else "")


def typed(at_us: int) -> str:
    """Return a time as one types it for a command, exact: ``2026-11-22T14:15:00Z``."""
    return f"{datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us):%Y-%m-%dT%H:%M:%S}" + (
        f".{rest:06}Z" if (rest := at_us % _SECOND_US) else "Z"
    )


def span(from_us: int, to_us: int) -> str:
    """Return two times with tenths of seconds, the second without its day where that is the same."""
    begin, end = shown(from_us, tenths=True), shown(to_us, tenths=True)
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end}"


def lasting(us: int) -> str:
    """Return how long something lasts, as one says it: 8.4 s, 12 min 5 s, 3 h 20 min, 2 d 4 h."""
    if us < 59_950_000:
        return f"{us / _SECOND_US:.1f} s"
    seconds = round(us / _SECOND_US)
    large, small = (60, 1) if seconds < 3600 else (3600, 60) if seconds < 86_400 else (86_400, 3600)
    names = {1: "s", 60: "min", 3600: "h", 86_400: "d"}
    rest = seconds % large // small
    return f"{seconds // large} {names[large]}" + (f" {rest} {names[small]}" if rest else "")
