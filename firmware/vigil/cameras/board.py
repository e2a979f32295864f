"""Asks the machine what it is: model, cores, and whether it encodes video in hardware."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from vigil.cameras.encoder import Board, encodes


def read_board(*, encoders: Iterable[str], root: Path = Path("/"), cores: int | None = None) -> Board:
    """
    Return the facts that `encoder.choose` wants.

    `encoders` is what FFmpeg offers, `root` where the kernel's files are, and
    `cores` how many we may use if the machine is not to be asked.
    """
    names = [_line(file) for file in sorted((root / "sys/class/video4linux").glob("video*/name"))]
    return Board(
        model=_line(root / "proc/device-tree/model"),
        cores=cores if cores is not None else len(os.sched_getaffinity(0)),
        encoders=frozenset(encoders),
        hardware_encoder=encodes(names),
    )


def _line(file: Path) -> str:
    """Return a file's one line, or nothing; the device tree ends its words with a zero byte."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""
