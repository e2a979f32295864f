"""What the processes write while the terminal shows a picture: kept in a file, its warnings told to the view."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

LARGEST_BYTES = 8_000_000

_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_CRASH = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt)(?:: .*)?")


class LogFile:
    """
    A log that several processes append to, bounded: what is too old moves to ``….old``, and from there away.

    They hold it open for as long as they live, so it is emptied rather than
    renamed; a line written in that very moment may be lost.
    """

    def __init__(self, path: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._largest_bytes = largest_bytes
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._at = os.fstat(self._fd).st_size
        self._rest = b""

    def fileno(self) -> int:
        """Return the descriptor that lines may be written to."""
        return self._fd

    def warnings(self) -> list[str]:
        """Return what was warned of since the last look, a few words each."""
        data = os.pread(self._fd, self._largest_bytes, self._at)
        self._at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._bound()
        found = (remark(line.decode(errors="replace")) for line in lines)
        return [words for words in found if words]

    def _bound(self) -> None:
        if self._at > self._largest_bytes:
            shutil.copyfile(self.path, self.path.with_suffix(self.path.suffix + ".old"))
            os.ftruncate(self._fd, 0)
            self._at = 0

    def close(self) -> None:
        """Let the file go."""
        os.close(self._fd)


def remark(line: str) -> str:
    """Return what a log line warns of, with who says so; empty for a line that warns of nothing."""
    if _CRASH.fullmatch(line):
        return f"crashed: {line}"
    said = {key: _read(value) for key, value in _PAIR.findall(line)}
    if said.get("level") not in ("warning", "error", "critical") or not said.get("msg"):
        return ""
    return f"{said.get('camera') or said.get('part', '').rpartition('.')[2]}: {said['msg']}"


def _read(value: str) -> str:
    """Undo `vigil.logs`' quoting, which is TOML's."""
    if not value.startswith('"'):
        return value
    try:
        return str(tomllib.loads(f"v = {value}")["v"])
    except tomllib.TOMLDecodeError:
        return value
