"""
Judges states of the video partition on this machine, without the emulator: some in a second.

The integrity tags are left out (`integrity.py`); everything above them is as on the box: e2fsck, ext4 and its journal,
mounted as the unit mounts it, then `judge.py`. Runs in a mount namespace of its own, as a process that takes one job a
line and answers with one line: a mount that another process also saw would keep a loop device alive, and the next state
would be read from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakes.card import TOOLS
from fakes.repository import ROOT
from power.judge import Judgement, judge

UNIT = ROOT / "image/system/root/usr/lib/systemd/system/vigil-video.mount"


def mount_options() -> str:
    """How the box mounts its recordings."""
    (options,) = [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith("Options=")]
    return options


def examine(image: Path, at: Path, asked: Mapping[str, Any]) -> Judgement:
    """Check the file system in `image`, mount it at `at`, and judge what is in it; `asked` are words for `judge`."""
    found = Judgement()
    # As `vigil.processes.partitions` does: what is not to be mended in passing is mended all the same.
    for words in (["-p"], ["-f", "-y"]):
        mended = subprocess.run(["e2fsck", *words, image], capture_output=True, text=True, env=TOOLS)
        if mended.returncode < 4:
            break
    else:
        found.wrong.append(f"e2fsck -f -y: {mended.returncode}: {mended.stdout.strip()[-200:]}")
    clean = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True, env=TOOLS)
    if clean.returncode:
        found.wrong.append(f"e2fsck -fn: {clean.returncode}: {clean.stdout.strip()[-200:]}")
    options = f"loop,{mount_options()}"
    mounted = subprocess.run(["mount", "-t", "ext4", "-o", options, image, at], capture_output=True, text=True)
    if mounted.returncode:
        found.wrong.append(f"mount: {mounted.stderr.strip()}")
        return found
    try:
        judged = judge(at, **asked)
    finally:
        subprocess.run(["umount", at], check=True)
    judged.wrong = found.wrong + judged.wrong
    if subprocess.run(["losetup", "-j", image], capture_output=True, check=True).stdout:
        judged.wrong.append("the loop device is still busy: this state was not judged alone")
    return judged


class HostTier:
    """The process that judges, as its user sees it."""

    def __init__(self, scratch: Path) -> None:
        command = ["unshare", "--mount", "--propagation", "private"]
        command += [sys.executable, "-m", "power.host_tier", str(scratch)]
        paths = os.pathsep.join(str(ROOT / name) for name in ("firmware", "tests"))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
        )

    def judge(self, image: Path, asked: Mapping[str, Any]) -> Judgement:
        """Judge one image, which is changed by it; `asked` are words for `judge`."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(image), asked]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that judges has ended")
        return Judgement(**json.loads(answer))

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


@contextmanager
def host_tier(scratch: Path) -> Iterator[HostTier]:
    """A process that judges; `scratch` is where it mounts."""
    scratch.mkdir(parents=True, exist_ok=True)
    tier = HostTier(scratch)
    try:
        yield tier
    finally:
        tier.close()


def main(scratch: Path) -> None:
    """Judge until there are no more jobs."""
    for line in sys.stdin:
        image, asked = json.loads(line)
        found = examine(Path(image), scratch, asked)
        print(json.dumps(found.as_json()), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
