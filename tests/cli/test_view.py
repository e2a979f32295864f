from __future__ import annotations

import io

import pytest
from rich.console import Console, ConsoleDimensions

from fakes.watching import NOTE, REFUSED, SECOND, health, status
from vigil.cli.view import STYLES, View
from vigil.cli.view_terminal import speaks_unicode
from vigil.clock import HandClock
from vigil.processes.panorama_lines import Tone
from vigil.processes.place import Place


class Glass:
    """A view onto a console that only remembers."""

    def __init__(self, data, width=80, height=24):
        self.clock = HandClock()
        self.out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        self.console = Console(
            file=self.out, width=width, height=height, force_terminal=True, color_system="standard", record=True
        )
        self.view = View(Place(data), [NOTE], clock=self.clock, console=self.console)

    def written(self) -> int:
        self.out.flush()
        return self.out.tell()

    def text(self) -> str:
        return self.console.export_text(clear=True)


@pytest.fixture(autouse=True)
def a_terminal_with_utf8(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_a_page_is_drawn_with_what_was_said(tmp_path, width, height):
    glass = Glass(tmp_path, width, height)
    glass.view.take(status())
    glass.view.take(health())
    glass.text()

    glass.view.draw()

    lines = glass.text().splitlines()
    shown = "\n".join(lines)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    for fact in ("25.0 fps", "0.8 s ago", "segment 12 · 14.2 MB", NOTE, "212 GB free", "Ctrl-C seals and stops"):
        assert fact in shown
    glass.view.close()


def test_nothing_is_written_while_nothing_changes(tmp_path):
    glass = Glass(tmp_path)
    glass.view.take(status())
    glass.view.draw()
    before = glass.written()

    glass.clock.forward_us(SECOND // 4)
    glass.view.draw()
    assert glass.written() == before

    glass.clock.forward_us(SECOND // 4)
    glass.view.take(status(state="lost", fault=REFUSED))
    glass.view.draw()
    assert glass.written() > before
    glass.view.close()


def test_many_words_are_drawn_twice_a_second_at_most(tmp_path):
    glass = Glass(tmp_path)
    pages = []
    for quarter in range(40):
        before = glass.written()
        glass.view.take(status(pictures=quarter))
        glass.view.draw()
        pages.append(glass.written() > before)
        glass.clock.forward_us(SECOND // 4)

    assert pages == [True, False] * 20
    glass.view.close()


def test_a_window_that_changed_is_drawn_at_once(tmp_path):
    glass = Glass(tmp_path)
    glass.view.draw()
    glass.text()

    glass.console.size = ConsoleDimensions(120, 30)
    glass.view.draw()

    assert {len(line) for line in glass.text().splitlines()} == {120}
    glass.view.close()


def test_the_seconds_go_on_without_a_word(tmp_path):
    glass = Glass(tmp_path)
    glass.view.draw()
    glass.text()

    glass.clock.forward_us(7 * SECOND)
    glass.view.draw()

    assert "0:00:07" in glass.text()
    glass.view.close()


def test_a_page_is_written_over_the_last_one_without_erasing_it_first(tmp_path):
    """Erasing and writing again is what flickers."""
    glass = Glass(tmp_path)
    glass.view.draw()
    before = glass.written()
    glass.clock.forward_us(SECOND)
    glass.view.take(status())
    glass.view.draw()

    glass.out.flush()
    second = glass.out.buffer.getvalue()[before:].decode()

    assert "recording" in second
    assert "\x1b[2J" not in second
    assert "\x1b[K" not in second
    assert "\x1b[2K" not in second
    glass.view.close()


def test_ctrl_c_is_answered_before_the_sealing_is_over(tmp_path):
    glass = Glass(tmp_path)
    glass.view.draw()
    glass.text()

    glass.view.ending()

    assert "sealing what was recorded" in glass.text()
    glass.view.close()


def test_the_end_tells_what_was_recorded_and_gives_the_screen_back(tmp_path):
    glass = Glass(tmp_path)
    glass.view.take(status())
    glass.view.draw()
    glass.text()

    glass.view.close()

    told = glass.text()
    assert "demo  1 segment (12), about 14.2 MB" in told
    assert NOTE in told
    glass.out.flush()
    assert b"\x1b[?1049l" in glass.out.buffer.getvalue()
    assert b"\x1b[?25h" in glass.out.buffer.getvalue()


def test_a_long_path_at_the_end_is_not_broken_so_that_it_can_be_copied(tmp_path):
    data = tmp_path / ("a-long-name-" * 8)
    data.mkdir()
    glass = Glass(data)
    glass.view.take(status())
    glass.text()

    glass.view.close()

    assert f"vigil list --data {data} " in glass.text()


class GoneTerminal(io.StringIO):
    """A terminal whose window was closed."""

    encoding = "utf-8"

    def write(self, text):
        raise OSError(5, "Input/output error")


def test_a_terminal_that_goes_away_does_not_end_the_recording(tmp_path):
    glass = Glass(tmp_path)
    glass.view.draw()
    glass.console.file = GoneTerminal()

    glass.clock.forward_us(SECOND)
    glass.view.take(status(state="watching"))
    glass.view.draw()
    glass.view.ending()
    glass.view.close()


def test_what_the_processes_log_is_shown_as_warnings(tmp_path):
    glass = Glass(tmp_path, height=40)
    with (tmp_path / "run/vigil.log").open("a") as log:
        log.write('at=2026-01-01T00:00:00Z level=warning part=processes.guard msg="the disk is slow"\n')
    glass.text()

    glass.view.draw()

    assert "guard: the disk is slow" in glass.text()
    glass.view.close()


def test_every_tone_has_its_style():
    assert set(STYLES) == set(Tone)


@pytest.mark.parametrize(
    ("encoding", "environment", "speaks"),
    [
        ("utf-8", {"TERM": "xterm"}, True),
        ("UTF-8", {"TERM": "xterm", "LC_ALL": "de_DE.UTF-8"}, True),
        ("utf-8", {"TERM": "xterm", "LC_ALL": "C"}, False),
        ("utf-8", {"TERM": "linux"}, False),
        ("iso8859-1", {"TERM": "xterm"}, False),
    ],
)
def test_who_speaks_unicode(encoding, environment, speaks):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    assert speaks_unicode(out, environment) is speaks
