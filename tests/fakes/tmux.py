"""A real terminal for a test: tmux, of which one can read the screen, type into, and change the size."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 30.0


class Screen:
    """One command in a terminal of its own. `close` ends the terminal, and the command with it."""

    def __init__(
        self, socket: Path, command: Sequence[str], *, width: int, height: int, environment: Mapping[str, str]
    ) -> None:
        self._tmux = ["tmux", "-f", os.devnull, "-S", str(socket)]
        known = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "LC_ALL", "TMUX")}
        subprocess.run(
            [
                *self._tmux, "-u", "new-session", "-d", "-x", str(width), "-y", str(height),
                "env", "LANG=C.UTF-8", *(f"{key}={value}" for key, value in environment.items()), *command,
                ";", "set-option", "remain-on-exit", "on", ";", "set-option", "-g", "status", "off",
            ],
            check=True, env=known,
        )  # fmt: skip

    def text(self, *, colours: bool = False) -> str:
        """What is on the screen now."""
        flags = ["-e"] if colours else []
        return self._ask("capture-pane", "-p", *flags)

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait until the screen is as asked; return it. Fails with the screen as it is when patience ends."""
        end = time.monotonic() + PATIENCE_S
        while not seen(text := self.text()):
            assert time.monotonic() < end, f"never seen; the screen is:\n{text}"
        return text

    def until_text(self, *words: str) -> str:
        """Wait until all of `words` are on the screen."""
        return self.until(lambda text: all(word in text for word in words))

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self._ask("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Change the window's size."""
        self._ask("resize-window", "-x", str(width), "-y", str(height))

    def terminal_settings(self) -> str:
        """What `stty` says about the terminal."""
        terminal = self._ask("display-message", "-p", "#{pane_tty}").strip()
        return subprocess.run(["stty", "-F", terminal, "-a"], check=True, capture_output=True, text=True).stdout

    def dead(self) -> bool:
        """Whether the command has ended."""
        return self._ask("display-message", "-p", "#{pane_dead}").strip() == "1"

    def close(self) -> None:
        """End the terminal."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def _ask(self, *command: str) -> str:
        return subprocess.run([*self._tmux, *command], check=True, capture_output=True, text=True).stdout
