"""Runs in a box that was booted after a cut: waits until it records again, and judges what it found and made of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from judge import Judgement, judge  # type: ignore[import-not-found]  # beside this file, in the box

from vigil.clock.kernel import boot_id

VIDEO = Path("/vigil/video")
PATIENCE_S = 400


def is_new(seal: Path, boot: str) -> bool:
    """Whether a sidecar was begun since this boot, and speaks of pictures."""
    lines = seal.read_bytes().partition(b"\0")[0].split(b"\n")[:-1]
    return bool(lines) and json.loads(lines[0]).get("boot") == boot and any(b'"flushed"' in line for line in lines)


def records(camera: str) -> bool:
    """Wait until the camera has recorded something since this boot; whether it has."""
    boot = boot_id()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for seal in sorted((VIDEO / camera).glob("*/*/*/*.seal"))[-2:]:
            if is_new(seal, boot):
                return True
        time.sleep(1)
    return False


def failed_units() -> list[str]:
    told = subprocess.run(
        ["systemctl", "list-units", "--failed", "--plain", "--no-legend"], capture_output=True, text=True, check=True
    )
    return [line.split()[0] for line in told.stdout.splitlines()]


def main(asked: dict[str, Any]) -> None:
    camera = asked.pop("always")
    if records(camera):
        found = judge(VIDEO, **asked, always="", mends=False)
    else:
        found = Judgement(wrong=[f"{camera} does not record"])
    found.wrong += [f"{name} has failed" for name in failed_units()]
    print("inside: judged " + json.dumps(found.as_json()), flush=True)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
