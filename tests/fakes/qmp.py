"""QEMU's control socket: one command, one answer."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Qmp:
    """A connection to a running QEMU, from `with` to its end. Events that arrive between answers are kept."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._connect(path)
        self._file = self._socket.makefile("rwb")
        self.events: list[dict[str, Any]] = []
        self._read()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """What QEMU returns. Raises `RuntimeError` with its words if it refuses."""
        self._file.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self._file.flush()
        while True:
            answer = self._read()
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            else:
                return answer["return"]

    def monitor(self, line: str) -> str:
        """A line for the human monitor, for what QMP has no command for."""
        return str(self.execute("human-monitor-command", **{"command-line": line}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()

    def _connect(self, path: Path) -> None:
        until = time.monotonic() + 30
        while True:  # QEMU makes the socket a moment after it was started
            try:
                self._socket.connect(str(path))
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _read(self) -> dict[str, Any]:
        line = self._file.readline()
        if not line:
            raise ConnectionError("QEMU has closed its control socket")
        answer: dict[str, Any] = json.loads(line)
        return answer
