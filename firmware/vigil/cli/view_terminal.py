"""Having the terminal to ourselves: typed keys do not smear the picture, and log lines go to a file meanwhile."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
from collections.abc import Mapping
from typing import IO

from vigil.cli.view_log import LogFile

_LOCAL_FLAGS = 3
_AT_ONCE = 64


class Terminal:
    """
    The terminal of this process, until `close`.

    Standard error is turned to the log for this process and those it starts,
    where it is a terminal; where a person sent it elsewhere it is left alone.
    """

    def __init__(self, log: LogFile) -> None:
        self._stderr: int | None = None
        self._settings: list[int | list[bytes | int]] | None = None
        if os.isatty(2):
            sys.stderr.flush()
            self._stderr = os.dup(2)
            os.dup2(log.fileno(), 2)
        with contextlib.suppress(termios.error, OSError, ValueError):
            fd = sys.stdin.fileno()
            self._settings = termios.tcgetattr(fd)
            quiet = termios.tcgetattr(fd)
            # Keys come one by one, and are not shown. Ctrl-C stays what it is.
            quiet[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(fd, termios.TCSADRAIN, quiet)

    def typed(self) -> str:
        """Return the keys that were typed since the last time, without waiting."""
        if self._settings is None:
            return ""
        try:
            fd = sys.stdin.fileno()
            # Whoever reads from the background is stopped.
            if os.tcgetpgrp(fd) != os.getpgrp() or not select.select([fd], [], [], 0)[0]:
                return ""
            return os.read(fd, _AT_ONCE).decode(errors="replace")
        except (OSError, ValueError):
            return ""

    def close(self) -> None:
        """Give everything back; keys typed meanwhile are forgotten rather than given to the shell."""
        if self._settings is not None:
            with contextlib.suppress(termios.error, OSError, ValueError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, self._settings)
        if self._stderr is not None:
            sys.stderr.flush()
            os.dup2(self._stderr, 2)
            os.close(self._stderr)
        self._settings = self._stderr = None


def speaks_unicode(out: IO[str], environment: Mapping[str, str]) -> bool:
    """
    Say whether bars and boxes can be shown.

    Python itself speaks UTF-8 in the C locale, but who sets LC_ALL=C asks for
    ASCII; and the bare Linux console has UTF-8 but no font for the bars.
    """
    locale = environment.get("LC_ALL", "")
    if locale and "utf" not in locale.lower():
        return False
    return environment.get("TERM") != "linux" and (getattr(out, "encoding", "") or "").lower().startswith("utf")
