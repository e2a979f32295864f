"""
`kill -9` of every process at random moments, while a camera that never stops is recorded.

A handful here; two hundred of each in `make torture` (VIGIL_TORTURE=1).
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.box import Box, end, pictures_in, until

TORTURE = bool(os.environ.get("VIGIL_TORTURE"))
KILLS = 200 if TORTURE else 5
LOSS_US = 2_000_000
CAMERA = """
[[camera]]
id = "demo"
source = "synthetic"
width = 320
height = 240
fps = 25
bit_rate_kbps = 800
[camera.motion]
method = "off"
"""

pytestmark = [
    pytest.mark.slow,  # real processes, killed in real time
    pytest.mark.timeout(4000 if TORTURE else 300),
    pytest.mark.xdist_group("kills"),
]


@contextmanager
def running(box: Box, *names: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes of a box, each of which is killed in the end."""
    processes = {name: start(box, name) for name in names}
    try:
        yield processes
    finally:
        for process in processes.values():
            end(process)


def start(box: Box, name: str) -> subprocess.Popen[bytes]:
    command = ["record", "--camera", "demo"] if name == "record" else [name]
    return box.start(*command, log=f"log-{name}")


def prepared(tmp_path, *, segment_s: int = 10) -> Box:
    """A box whose store is ours already, as `vigil run` makes it."""
    box = Box(tmp_path / "box", CAMERA, f"[recording]\nsegment_s = {segment_s}\n")
    box.run(4)
    return box


def durable_end_us(box: Box) -> int:
    """When the last picture arrived that any statement covers."""
    flushed = [s for s in box.statements("demo") if s.type in ("flushed", "sealed", "recovered") and s.fields["frames"]]
    return max(s.fields["end_us"] for s in flushed)


def wait_for_new_pictures(box: Box, after_us: int) -> None:
    """Wait until a flush covers pictures from after `after_us`."""

    def covered() -> bool:
        newest = box.segments("demo")[-1].seal.read_bytes()
        return b'"type":"flushed"' in newest and durable_end_us(box) > after_us

    until(covered)


def test_a_killed_recorder_loses_two_seconds_at_most_and_says_how_long_it_was_away(tmp_path):
    box = prepared(tmp_path)
    rng = random.Random(7)
    killed_us: list[int] = []
    begun_us = time.time_ns() // 1000
    with running(box, "signer", "guard", "record") as processes:
        for _ in range(KILLS):
            wait_for_new_pictures(box, killed_us[-1] if killed_us else begun_us)
            threading.Event().wait(rng.uniform(0, 3))
            processes["record"].kill()
            killed_us.append(time.time_ns() // 1000)
            processes["record"].wait()
            processes["record"] = start(box, "record")
        wait_for_new_pictures(box, killed_us[-1])
        processes["record"].terminate()
        processes["record"].wait(timeout=20)

    said = box.statements("demo")
    recovered = [s for s in said if s.type == "recovered"]
    gaps = [s.fields for s in said if s.type == "gap" and "to_us" in s.fields]
    assert len(recovered) == len(killed_us)
    for at_us, one in zip(killed_us, recovered, strict=True):
        assert at_us - one.fields["end_us"] <= LOSS_US, "a picture older than the promise was lost"
        gap = next(g for g in gaps if g["from_us"] == one.fields["end_us"])
        assert gap["to_us"] > at_us
    check_everything_opens(box)


def check_everything_opens(box: Box) -> None:
    """Each file is a complete age file, and a stranger and the invariants agree."""
    media = [segment for segment in box.segments("demo") if segment.media.exists()]
    assert media
    for segment in media:
        opened = subprocess.run(["age", "-d", "-i", box.data / "owner.agekey", segment.media], capture_output=True)
        assert opened.returncode == 0, opened.stderr
        assert pictures_in(opened.stdout)
    verified = box.ask("verify", str(box.video))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    checked = box.ask("check", "--data", str(box.data))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("victim", ["guard", "signer"])
def test_recording_does_not_notice_when_another_process_is_killed(tmp_path, victim):
    box = prepared(tmp_path)
    rng = random.Random(11)
    with running(box, "signer", "guard", "record") as processes:
        wait_for_new_pictures(box, time.time_ns() // 1000)
        for _ in range(KILLS):
            threading.Event().wait(rng.uniform(0, 2))
            processes[victim].kill()
            processes[victim].wait()
            processes[victim] = start(box, victim)
        wait_for_new_pictures(box, time.time_ns() // 1000)
        processes["record"].terminate()
        processes["record"].wait(timeout=20)
        threading.Event().wait(2)
        processes["guard"].terminate()
        processes["guard"].wait(timeout=20)

    said = [s for s in box.statements("demo") if s.fields.get("seq", 0) != 1]
    assert not [s for s in said if s.type == "recovered"]
    assert len([s for s in said if s.type == "gap"]) <= 1, "only the one from before this recorder was started"
    check_everything_opens(box)
    journaled = {e["segment"] for e in box.journal() if e["kind"] == "segment.sealed"}
    assert {s.seq for s in box.segments("demo") if s.media.exists()} <= journaled
    logs = list((box.data / "state/journal").glob("*/origin"))
    assert len(logs) == 1, "a kill is no reason for a new log"


def test_guard_and_signer_away_for_a_while_cost_nothing(tmp_path):
    box = prepared(tmp_path, segment_s=100)
    with running(box, "record") as processes:
        begun_us = time.time_ns() // 1000
        wait_for_new_pictures(box, begun_us)
        threading.Event().wait(60 if TORTURE else 12)
        uncertified = box.ask("verify", str(box.video), "--json").stdout
        with running(box, "signer", "guard") as others:
            wait_for_new_pictures(box, time.time_ns() // 1000)
            until(lambda: [s for s in box.statements("demo") if s.type == "certified"])
            processes["record"].terminate()
            processes["record"].wait(timeout=20)
            threading.Event().wait(2)
            others["guard"].terminate()
            others["guard"].wait(timeout=20)

    assert "uncertified" in uncertified
    check_everything_opens(box)
    journaled = {e["segment"] for e in box.journal() if e["kind"] == "segment.sealed"}
    assert {s.seq for s in box.segments("demo") if s.media.exists()} <= journaled
