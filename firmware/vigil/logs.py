"""
What the processes write about themselves: one line a record, key=value, without secrets.

    level=warning part=record camera=front msg="no picture for 10 s"

systemd adds the time and, from the number in front, the level; `--plain`
writes the time itself.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from vigil.config.redact import quoted, without_secrets
from vigil.errors import ConfigError

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_ORDINARY = {*logging.LogRecord("", 0, "", 0, "", (), None).__dict__, "message", "asctime", "taskName"}
_SYSLOG = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class Lines(logging.Formatter):
    """One line of key=value for each record; what is passed as `extra=` follows the message."""

    def __init__(self, *, time: bool, priority: bool) -> None:
        super().__init__()
        self._time = time
        self._priority = priority

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        front = f"<{_SYSLOG.get(record.levelno, 5)}>" if self._priority else ""
        return front + " ".join(f"{key}={_value(value)}" for key, value in self._pairs(record))

    def _pairs(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        if self._time:
            yield (
                "at",
                datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            )
        yield "level", record.levelname.lower()
        yield "part", record.name.removeprefix("vigil.")
        for key, value in record.__dict__.items():
            if key not in _ORDINARY:
                yield key, str(value)
        yield "msg", _message(record)
        if record.exc_info and record.exc_info[0]:
            yield "why", self.formatException(record.exc_info)


def set_up(level: str, *, plain: bool = False, stream: TextIO | None = None) -> None:
    """
    Send every record of this process to `stream` (stderr, unless given) as one line. Raises `ConfigError`.

    Replaces what was set up before; other libraries' records pass through the
    same filter.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    # Under systemd stderr is the journal, which takes a line's level from "<6>" at its beginning.
    handler.setFormatter(Lines(time=plain, priority=not plain and "JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    set_level(level)


def set_level(name: str) -> None:
    """Change the least level that is written, at any time. Raises `ConfigError` for a level that does not exist."""
    if name.lower() not in LEVELS:
        raise ConfigError([f"log_level = {quoted(name)}: give {', '.join(LEVELS)}"])
    logging.getLogger().setLevel(LEVELS[name.lower()])


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A wrong number of arguments must not cost us the record.
        return f"{record.msg} {record.args}"


def _value(text: str) -> str:
    text = without_secrets(text)
    return text if text and not set(text) & set(' ="\\') and text.isprintable() else quoted(text)
