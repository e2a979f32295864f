"""What a world needs and does not find, and the few things it may ask of the kernel."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Absent(Exception):
    """A piece of hardware, or what stands for it, is not here; the text is the reason that a skipped test gives."""


def need_root() -> None:
    """Raise `Absent` unless we are root, whose business modules and mounts are."""
    if os.geteuid() != 0:
        raise Absent("only root may load the kernel's pretended hardware")


def load_module(name: str, *arguments: str) -> None:
    """Load a module of the kernel. Raises `Absent` with what `modprobe` says."""
    try:
        done = subprocess.run(["modprobe", name, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Absent("there is no modprobe here") from error
    if done.returncode:
        raise Absent(f"the module {name} cannot be loaded: {done.stderr.strip()}")


def put(file: Path, word: str) -> None:
    """Write a word to a file of the kernel's."""
    file.write_text(word)
