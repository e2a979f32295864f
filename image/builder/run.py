"""Runs the programs that do the heavy work, politely, and tells what they said when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import ToolFailed

# What a program may know of this machine: the rest of the environment must not reach an image.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
PASSED_ON_STARTS = ("PIP_", "http_proxy", "https_proxy", "no_proxy")

ENTER = Path(__file__).with_name("enter")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that tools run in: the same words and the same clock everywhere."""
    passed = {
        name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith(PASSED_ON_STARTS)
    }
    path = passed.get("PATH", "/usr/bin:/bin")
    return {**passed, "PATH": f"{path}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(extra or {})}


def run(
    command: Sequence[str | Path],
    *,
    extra: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """
    Run a program to its end and return what it printed.

    Raises:
        ToolFailed: with the last lines it said.
    """
    words = ["nice", "-n", "19", *(os.fspath(word) for word in command)]
    done = subprocess.run(
        words,
        env=environment(extra),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise ToolFailed(f"{words[3]} ended with {done.returncode}:\n{last}")
    return done.stdout


def run_inside(
    lower: Sequence[Path],
    upper: Path,
    command: Sequence[str],
    *,
    lend: Sequence[Path] = (),
    extra: Mapping[str, str] | None = None,
) -> str:
    """
    Run a program of a foreign root, under user emulation where the machine needs it.

    The root is the directories `lower` laid over each other, the first on top; what the program writes lands in
    `upper`. Directories in `lend` are seen, read-only, under `/lent/NAME`. All mounts are in a namespace of
    their own and end with the program.
    """
    trees = ":".join(os.fspath(path) for path in lower)
    lent = ":".join(os.fspath(path) for path in lend)
    namespace = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
    return run([*namespace, ENTER, trees, upper, lent, *command], extra=extra)
