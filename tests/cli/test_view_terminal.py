"""The view in a real terminal."""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes import watching_driver
from fakes.repository import PACKAGE
from fakes.tmux import PATIENCE_S, Screen

pytestmark = [
    pytest.mark.slow,  # programs are started in real terminals: seconds, not milliseconds
    pytest.mark.host,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

Show = Callable[..., Screen]
PROGRAM = Path(watching_driver.__file__)


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    screens = []

    def start(width: int, height: int, *program: str, **environment: str) -> Screen:
        environment["PYTHONPATH"] = f"{PACKAGE.parent}:{PROGRAM.parents[1]}"
        line = shlex.join([sys.executable, *(program or [str(PROGRAM), str(tmp_path)])])
        command = ["sh", "-c", f"trap : INT; {line}; stty -a"]
        socket = tmp_path / f"tmux-{len(screens)}"
        screens.append(Screen(socket, command, width=width, height=height, environment=environment))
        return screens[-1]

    yield start
    for screen in screens:
        screen.close()


def test_the_page_fills_a_small_terminal_and_follows_when_it_grows(show):
    screen = show(80, 24)
    small = screen.until_text("● recording", "safe", "Ctrl-C seals and stops").splitlines()
    assert small[0].startswith("Vigil ")
    assert small[23].startswith("Ctrl-C seals and stops")
    assert max(map(len, small)) == 80

    screen.resize(140, 40)

    wide = screen.until(lambda text: any("╭─ kept" in line and "╭─ processes" in line for line in text.splitlines()))
    assert max(map(len, wide.splitlines())) == 140


def test_typing_and_log_lines_do_not_smear_the_picture(show, tmp_path):
    screen = show(80, 30)
    screen.until_text("● recording")

    screen.type("smear", "Enter", "Enter", "smear")

    text = screen.until_text("warnings lately", "demo: the camera was lost for a moment", "0:00:02")
    assert "smear" not in text
    assert "level=warning" not in text
    assert "-echo " in screen.terminal_settings()
    assert 'msg="the camera was lost for a moment"' in (tmp_path / "run/vigil.log").read_text()


def test_ctrl_c_gives_the_terminal_back_with_what_was_recorded(show):
    screen = show(100, 24)
    screen.until_text("● recording")

    screen.type("C-c")

    # The last is what the shell's next command, `stty -a`, says about the terminal.
    text = screen.until_text("Next:", "echoctl")
    assert "demo  1 segment (12), about 14.2 MB" in text
    assert "throw-away owner identity" in text
    assert "╭" not in text
    assert " echo " in text
    assert "-echo " not in text


def test_no_color_is_honoured(show):
    colours = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])[;m]")
    coloured = show(80, 24)
    coloured.until_text("● recording", "Ctrl-C")
    assert colours.search(coloured.text(colours=True))
    coloured.close()

    bare = show(80, 24, NO_COLOR="1")
    bare.until_text("● recording", "Ctrl-C")

    assert not colours.search(bare.text(colours=True))


def test_a_terminal_without_unicode_gets_ascii(show):
    screen = show(80, 24, LC_ALL="C")

    text = screen.until_text("* recording", "Ctrl-C seals and stops")

    assert text.isascii()
    assert "+- demo -" in text


def test_closing_the_window_of_a_run_seals_and_leaves_nobody_behind(show, tmp_path):
    screen = show(100, 40, "-m", "vigil", "run", "--data", str(tmp_path / "box"))
    shown = screen.until(lambda text: re.search(r"● recording.*segment \d+ · [1-9]", text, re.DOTALL) is not None)
    running = [os.pidfd_open(int(pid)) for pid in re.findall(r"running +pid (\d+)", shown)]
    assert len(running) == 4

    screen.close()

    left = [process for process in running if not select.select([process], [], [], PATIENCE_S)[0]]
    for process in left:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    for process in running:
        os.close(process)
    assert left == []
    sidecars = list((tmp_path / "box/video/demo").rglob("*.seal"))
    assert sidecars
    assert all("sealed" in sidecar.read_text().splitlines()[-1] for sidecar in sidecars)


def test_keys_press_the_button_of_the_simulated_panel_and_its_lamps_are_drawn(show, tmp_path):
    screen = show(120, 40, "-m", "vigil", "run", "--data", str(tmp_path / "box"))
    screen.until_text("alarm     disarmed", "○ arm", "○ fault", "keys: b press")

    screen.type("l")
    screen.until_text("alarm     armed_home", "● arm")
    screen.type("b")

    screen.until_text("alarm     arming (", "then armed_away)")
