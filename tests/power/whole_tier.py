"""Judges states by booting them: the very card, whose units find and mend what they find, until it records again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes.card import Card
from fakes.qemu import Machine, Silence, running
from power.guest_tier import HERE, answer
from power.judge import Judgement

BOOT_S = 1500
SCRIPT = """
exec /opt/vigil/bin/python /run/inside/in_whole.py /run/inside/asked.json
"""


def judged(card: Path, asked: Mapping[str, Any], always: str) -> Judgement:
    """Boot a card and wait until the camera `always` has recorded something new; judge, while it goes on recording."""
    files: dict[str, bytes | str] = {
        f"inside/{name}": (HERE / name).read_bytes() for name in ("in_whole.py", "judge.py")
    }
    files["inside/script"] = SCRIPT.encode()
    files["inside/asked.json"] = json.dumps({**asked, "always": always}).encode()
    for part in (2, 3):
        # A slot that an update was being written to is not whole, and must not be started.
        with contextlib.suppress(FileNotFoundError):
            Card(card).add_to_initrd(part, files)
    with running(Machine(board="virt", card=card)) as guest:
        try:
            return answer(guest, timeout_s=BOOT_S)
        except Silence as silence:
            return Judgement(wrong=[f"it never recorded: {str(silence)[-2000:]}"])
