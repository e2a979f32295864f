"""What `vigil run` shows on a terminal: the panorama as a page, drawn anew when something changed."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

import vigil
from vigil.cli.view_log import LogFile
from vigil.cli.view_terminal import Terminal, speaks_unicode
from vigil.clock import Clock, SystemClock
from vigil.events import Health, Lit, Status
from vigil.processes.panorama import Panorama, with_lamps, with_message, with_processes, with_remarks
from vigil.processes.panorama_lines import Line, Tone, clean, in_ascii
from vigil.processes.panorama_page import Caption, Page
from vigil.processes.panorama_summary import summary
from vigil.processes.place import Place
from vigil.processes.supervisor import Child

log = logging.getLogger(__name__)
_SECOND_US = 1_000_000
_LEAST_US = 450_000  # twice a second, whoever calls four times

# The sixteen colours of the terminal's own theme: they are readable on whatever ground a person has chosen.
STYLES: Mapping[Tone, Style] = {
    Tone.PLAIN: Style(),
    Tone.DIM: Style(dim=True),
    Tone.STRONG: Style(bold=True),
    Tone.TITLE: Style(bold=True, color="cyan"),
    Tone.GOOD: Style(color="green"),
    Tone.CALM: Style(color="cyan"),
    Tone.WARN: Style(color="yellow"),
    Tone.BAD: Style(bold=True, color="red"),
    Tone.RATE: Style(color="blue"),
    Tone.STIR: Style(color="magenta"),
    Tone.NOTE: Style(color="yellow"),
}


class Picture:
    """A finished page, as rich draws it: nothing is left for it to wrap or to measure."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield every piece with its style."""
        for line in self._lines:
            yield from (Segment(piece.text, STYLES[piece.tone]) for piece in line)
            yield Segment.line()


class Glance(NamedTuple):
    """What a page was made of."""

    panorama: Panorama
    at_us: int
    size: tuple[int, int]

    def is_news(self, last: Glance) -> bool:
        """Say whether a page is worth making after the last one: each costs milliseconds."""
        if self.size != last.size:
            return True
        if self.panorama.lamps != last.panorama.lamps:
            return True  # a code is counted by its blinks
        if self.at_us - last.at_us < _LEAST_US:
            return False
        return self.panorama is not last.panorama or self.at_us // _SECOND_US != last.at_us // _SECOND_US


class View:
    """
    The `Eyes` of a run with a terminal.

    `draw` may be called as often as one likes; the terminal is written to twice
    a second at most, and only when something was said or a second is over;
    only lamps are shown at once.
    A terminal that goes away ends the view, never the recording.
    """

    def __init__(
        self, place: Place, notes: Sequence[str], *, clock: Clock | None = None, console: Console | None = None
    ) -> None:
        self._place = place
        self._clock = clock or SystemClock()
        # The terminal itself knows its size; an exported COLUMNS would hold the page at what it once was.
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._console = console or Console(highlight=False, _environ=environment)
        self._unicode = speaks_unicode(self._console.file, os.environ)
        self._log = LogFile(place.hub.parent / "vigil.log")
        self._terminal = Terminal(self._log) if console is None else None
        self._notes = tuple(clean(note) for note in notes)
        self._caption = Caption(
            version=vigil.__version__, data=str(place.data), notes=self._notes, log=str(self._log.path)
        )
        self._panorama = Panorama(began_us=self._clock.steady_us())
        self._drawn: Glance | None = None
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def take(self, message: Status | Health | Lit) -> None:
        """A process said how it is, or a simulated panel how its lamps are."""
        if isinstance(message, Lit):
            self._panorama = with_lamps(self._panorama, message)
        else:
            self._panorama = with_message(self._panorama, message, self._clock.steady_us())

    def typed(self) -> str:
        """Return the keys that were typed since the last time."""
        return self._terminal.typed() if self._terminal else ""

    def processes(self, children: Sequence[Child]) -> None:
        """How the processes are."""
        self._panorama = with_processes(self._panorama, children)

    def draw(self) -> None:
        """Show what is new."""
        self._panorama = with_remarks(self._panorama, self._log.warnings(), self._clock.wall_us())
        now_us, size = self._clock.steady_us(), self._console.size
        now = Glance(self._panorama, now_us, (size.width, size.height))
        if self._drawn is not None and not now.is_news(self._drawn):
            return
        self._drawn = now
        page = Page(
            self._panorama, now_us, self._caption, width=size.width, height=size.height, time_of_day=time_of_day
        )  # fmt: skip
        lines = page.lines()
        with contextlib.suppress(OSError):
            self._live.update(Picture(lines if self._unicode else map(in_ascii, lines)), refresh=True)

    def ending(self) -> None:
        """Ctrl-C was heard; sealing takes a moment."""
        self._caption = replace(self._caption, footer="sealing what was recorded …")
        self._drawn = None
        self.draw()

    def close(self) -> None:
        """Give the terminal back, and say what was recorded."""
        with contextlib.suppress(OSError):
            self._live.stop()
        if self._terminal:
            self._terminal.close()
        self._log.close()
        told = summary(self._panorama, self._clock.steady_us(), data=self._place.data, video=self._place.video)
        with contextlib.suppress(OSError):
            for line in (*told, *self._notes):
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def time_of_day(at_us: int) -> str:
    """Return a wall clock's time as the person's own."""
    return time.strftime("%H:%M:%S", time.localtime(at_us / _SECOND_US))
